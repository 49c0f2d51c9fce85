/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads the fault file again when its modification time or size changes. All loops share one copy.
 */
#include "store/db_inject.h"

#ifdef AUTHD_FAULTS

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static enum db_inject faults[SQL_COUNT];
static struct stat read_at;

static bool is_unchanged(const struct stat *now)
{
    return now->st_mtim.tv_sec == read_at.st_mtim.tv_sec &&
           now->st_mtim.tv_nsec == read_at.st_mtim.tv_nsec && now->st_size == read_at.st_size;
}

static void set_fault(const char *name, const char *when)
{
    for (int i = 0; i < SQL_COUNT; i++) {
        if (strcmp(sql_statements[i].name, name) == 0)
            faults[i] = strcmp(when, "after") == 0 ? DB_INJECT_AFTER : DB_INJECT_BEFORE;
    }
}

static void refresh(void)
{
    const char *path = getenv("AUTHD_FAULT");
    struct stat now = {0};
    if (path && stat(path, &now) != 0)
        now = (struct stat){0};
    if (is_unchanged(&now))
        return;
    read_at = now;
    memset(faults, 0, sizeof(faults));
    FILE *f = fopen(path ? path : "/dev/null", "re");
    char name[128];
    char when[16];
    while (f && fscanf(f, "%127s %15s", name, when) == 2)
        set_fault(name, when);
    if (f)
        fclose(f);
}

enum db_inject db_inject_of(const struct db_query *queries, size_t n)
{
    enum db_inject found = DB_INJECT_NONE;
    pthread_mutex_lock(&lock);
    refresh();
    for (size_t i = 0; i < n && !found; i++)
        found = faults[queries[i].sql];
    pthread_mutex_unlock(&lock);
    return found;
}

#endif
