/* SPDX-License-Identifier: Apache-2.0
 *
 * When keys were last used: noted in memory by every request, taken by the feed thread every few
 * seconds. Bounded; beyond the bound uses of further keys are not noted until the next take.
 */
#include <pthread.h>
#include <stdlib.h>

#include "base/map.h"
#include "store/registry_internal.h"

enum { NOTED_MAX = 16384 };

struct use {
    struct id key_id;
    int64_t at;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct map uses;
static size_t noted;

static struct use *find(const struct id *key_id, uint64_t hash)
{
    size_t pos = 0;
    struct use *u;
    while ((u = map_next(&uses, hash, &pos))) {
        if (id_eq(&u->key_id, key_id))
            return u;
    }
    return NULL;
}

static struct use *note(const struct id *key_id, uint64_t hash)
{
    if (noted == NOTED_MAX)
        return NULL;
    struct use *u = xcalloc(1, sizeof(*u));
    u->key_id = *key_id;
    map_put(&uses, hash, u);
    noted++;
    return u;
}

void registry_key_used(const struct id *key_id, int64_t now)
{
    uint64_t hash = map_hash(id_str(key_id));
    pthread_mutex_lock(&lock);
    struct use *u = find(key_id, hash);
    if (!u)
        u = note(key_id, hash);
    if (u && u->at < now)
        u->at = now;
    pthread_mutex_unlock(&lock);
}

static int by_id(const void *a, const void *b)
{
    const struct use *const *x = a;
    const struct use *const *y = b;
    return strcmp((*x)->key_id.z, (*y)->key_id.z);
}

static struct map take_all(size_t *n)
{
    pthread_mutex_lock(&lock);
    struct map taken = uses;
    *n = noted;
    uses = (struct map){0};
    noted = 0;
    pthread_mutex_unlock(&lock);
    return taken;
}

static void write_lists(struct arena *a, struct use **list, size_t n, struct key_uses *out)
{
    struct buf ids;
    struct buf times;
    buf_init(&ids, a, n * (ID_LEN + 1));
    buf_init(&times, a, n * 16);
    for (size_t i = 0; i < n; i++) {
        if (i > 0) {
            buf_char(&ids, ',');
            buf_char(&times, ',');
        }
        buf_str(&ids, id_str(&list[i]->key_id));
        buf_int(&times, list[i]->at);
    }
    *out = (struct key_uses){buf_view(&ids), buf_view(&times)};
}

bool key_uses_take(struct arena *a, struct key_uses *out)
{
    size_t n;
    size_t pos = 0;
    struct map taken = take_all(&n);
    if (n == 0)
        return false;
    struct use **list = arena_new_array(a, n, struct use *);
    for (size_t i = 0; i < n; i++)
        list[i] = map_each(&taken, &pos);
    qsort(list, n, sizeof(struct use *), by_id);
    write_lists(a, list, n, out);
    for (size_t i = 0; i < n; i++)
        free(list[i]);
    map_free(&taken);
    return true;
}
