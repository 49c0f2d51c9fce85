/* SPDX-License-Identifier: Apache-2.0
 *
 * Guarded cells for long-lived secrets. A slab is one sodium_malloc region: locked in memory, left
 * out of core dumps, between guard pages, and read-only but for the moment a cell is filled or
 * wiped, or a fill of many cells is under way. Cells share slabs because a region of its own per
 * secret would cost four pages and two system calls each. Readers need no lock: a slab never moves,
 * and a cell changes only before its first and after its last use.
 */
#include <assert.h>
#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/list.h"
#include "crypto/keyring.h"

/* With the 16-byte canary that libsodium puts before them the cells fill four pages. */
enum { CELLS = (16384 - 16) / KEYRING_CELL };

struct slab {
    struct list link; /* in `open` while a cell is free, else in `full` */
    uint8_t *cells;
    unsigned used;
    bool writable;
    unsigned free_cells[CELLS]; /* the first CELLS - used entries are indices of free cells */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct list open_slabs = LIST_INIT(open_slabs);
static struct list full_slabs = LIST_INIT(full_slabs);
static unsigned fills; /* under way */

static struct slab *slab_of(struct list *link)
{
    return container_of(link, struct slab, link);
}

static void slab_protect(struct slab *s)
{
    if (fills > 0 || !s->writable)
        return;
    s->writable = false;
    if (sodium_mprotect_readonly(s->cells) != 0)
        abort();
}

static void slab_unprotect(struct slab *s)
{
    if (s->writable)
        return;
    s->writable = true;
    if (sodium_mprotect_readwrite(s->cells) != 0)
        abort();
}

static struct slab *slab_create(void)
{
    struct slab *s = xcalloc(1, sizeof(*s));
    s->cells = sodium_allocarray(CELLS, KEYRING_CELL);
    if (!s->cells)
        abort();
    s->writable = true;
    sodium_memzero(s->cells, (size_t)CELLS * KEYRING_CELL);
    for (unsigned i = 0; i < CELLS; i++)
        s->free_cells[i] = CELLS - 1 - i;
    slab_protect(s);
    list_push_front(&open_slabs, &s->link);
    return s;
}

static void slab_destroy(struct slab *s)
{
    list_remove(&s->link);
    sodium_free(s->cells);
    free(s);
}

static uint8_t *slab_take_cell(struct slab *s)
{
    unsigned cell = s->free_cells[CELLS - 1 - s->used];
    s->used++;
    if (s->used == CELLS) {
        list_remove(&s->link);
        list_push_front(&full_slabs, &s->link);
    }
    return s->cells + (size_t)cell * KEYRING_CELL;
}

static void slab_give_back(struct slab *s, size_t cell)
{
    list_remove(&s->link);
    list_push_front(&open_slabs, &s->link);
    s->used--;
    s->free_cells[CELLS - 1 - s->used] = (unsigned)cell;
}

const void *keyring_put(const void *secret, size_t len)
{
    assert(len <= KEYRING_CELL);
    pthread_mutex_lock(&lock);
    struct slab *s = list_empty(&open_slabs) ? slab_create() : slab_of(open_slabs.next);
    uint8_t *cell = slab_take_cell(s);
    slab_unprotect(s);
    memcpy(cell, secret, len);
    slab_protect(s);
    pthread_mutex_unlock(&lock);
    return cell;
}

static struct slab *find_in(struct list *slabs, const uint8_t *cell)
{
    list_for_each (pos, slabs) {
        struct slab *s = slab_of(pos);
        if (cell >= s->cells && cell < s->cells + (size_t)CELLS * KEYRING_CELL)
            return s;
    }
    return NULL;
}

static void wipe_cell(struct slab *s, size_t cell)
{
    slab_unprotect(s);
    sodium_memzero(s->cells + cell * KEYRING_CELL, KEYRING_CELL);
    slab_protect(s);
}

void keyring_drop(const void *cell)
{
    if (!cell)
        return;
    pthread_mutex_lock(&lock);
    struct slab *s = find_in(&open_slabs, cell);
    if (!s)
        s = find_in(&full_slabs, cell);
    assert(s && s->used > 0);
    size_t index = (size_t)((const uint8_t *)cell - s->cells) / KEYRING_CELL;
    wipe_cell(s, index);
    slab_give_back(s, index);
    if (s->used == 0)
        slab_destroy(s);
    pthread_mutex_unlock(&lock);
}

void keyring_fill_begin(void)
{
    pthread_mutex_lock(&lock);
    fills++;
    pthread_mutex_unlock(&lock);
}

static void protect_all(struct list *slabs)
{
    list_for_each (pos, slabs)
        slab_protect(slab_of(pos));
}

void keyring_fill_end(void)
{
    pthread_mutex_lock(&lock);
    assert(fills > 0);
    if (--fills == 0) {
        protect_all(&open_slabs);
        protect_all(&full_slabs);
    }
    pthread_mutex_unlock(&lock);
}
