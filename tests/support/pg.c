/* SPDX-License-Identifier: Apache-2.0
 *
 * PostgreSQL refuses to run as root, so a child of root becomes `postgres` first. It is told to die
 * with us after that, because a change of user clears the wish.
 */
#include "support/pg.h"

#include <ftw.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef PG_BINDIR
#define PG_BINDIR "/usr/lib/postgresql/15/bin"
#endif

struct pg {
    char dir[64];
    char settings[512];
    bool durable;
    pid_t pid;
};

static void die(const char *what)
{
    fprintf(stderr, "pg: %s\n", what);
    abort();
}

static void become_postgres(void)
{
    if (geteuid() == 0) {
        struct passwd *user = getpwnam("postgres");
        if (!user || initgroups("postgres", user->pw_gid) != 0 || setgid(user->pw_gid) != 0 ||
            setuid(user->pw_uid) != 0)
            _exit(126);
    }
    prctl(PR_SET_PDEATHSIG, SIGQUIT);
    if (getppid() == 1)
        _exit(126);
}

static pid_t spawn(const char *dir, const char *command)
{
    pid_t pid = fork();
    if (pid < 0)
        die("fork");
    if (pid > 0)
        return pid;
    become_postgres();
    if (chdir(dir) != 0)
        _exit(126);
    execl("/bin/sh", "sh", "-c", command, (char *)NULL);
    _exit(127);
}

static void run(const char *dir, const char *command)
{
    int status;
    pid_t pid = spawn(dir, command);
    if (waitpid(pid, &status, 0) != pid || status != 0)
        die(command);
}

static void create_dir(struct pg *pg)
{
    snprintf(pg->dir, sizeof(pg->dir), "/tmp/authd-pg-XXXXXX");
    if (!mkdtemp(pg->dir))
        die("mkdtemp");
    struct passwd *user = geteuid() == 0 ? getpwnam("postgres") : NULL;
    if (user && chown(pg->dir, user->pw_uid, user->pw_gid) != 0)
        die("chown");
}

static bool answers(const struct pg *pg)
{
    char command[256];
    snprintf(command, sizeof(command), PG_BINDIR "/pg_isready -q -h %s", pg->dir);
    return system(command) == 0;
}

void pg_resume(struct pg *pg)
{
    char command[1024];
    snprintf(command, sizeof(command),
             "exec " PG_BINDIR
             "/postgres -D data -k %s -c listen_addresses= -c log_min_messages=log"
             " -c logging_collector=off %s %s >>log 2>&1",
             pg->dir,
             pg->durable ? "" : "-c fsync=off -c synchronous_commit=off -c full_page_writes=off",
             pg->settings);
    pg->pid = spawn(pg->dir, command);
    for (int i = 0; i < 10000; i++) { /* until a slow machine would have done it, too */
        if (answers(pg))
            return;
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    }
    die("PostgreSQL does not come up");
}

void pg_halt(struct pg *pg, bool immediate)
{
    kill(pg->pid, immediate ? SIGQUIT : SIGINT);
    waitpid(pg->pid, NULL, 0);
    pg->pid = 0;
}

struct pg *pg_start(const char *settings, bool durable)
{
    struct pg *pg = calloc(1, sizeof(*pg));
    if (!pg)
        die("memory");
    snprintf(pg->settings, sizeof(pg->settings), "%s", settings);
    pg->durable = durable;
    create_dir(pg);
    run(pg->dir, PG_BINDIR "/initdb -D data --no-sync --locale=C.UTF-8 -E UTF8 -U postgres"
                           " --auth=trust >log 2>&1 &&"
                           " printf 'local all postgres trust\\nlocal all all scram-sha-256\\n'"
                           " >data/pg_hba.conf");
    pg_resume(pg);
    return pg;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st, (void)type, (void)at;
    return remove(path);
}

void pg_destroy(struct pg *pg)
{
    if (pg->pid)
        pg_halt(pg, true);
    nftw(pg->dir, remove_entry, 32, FTW_DEPTH | FTW_PHYS);
    free(pg);
}

void pg_url(const struct pg *pg, const char *dbname, char out[PG_URL_MAX])
{
    snprintf(out, PG_URL_MAX, "host=%s user=postgres dbname=%s", pg->dir, dbname);
}
