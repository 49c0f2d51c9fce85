/* SPDX-License-Identifier: Apache-2.0
 *
 * Bump allocation in a chain of blocks. Bytes that are not handed out are always zero: a block
 * starts as calloc made it and a reset wipes exactly what was used, so handing out costs an
 * addition.
 */
#include "base/arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/sanitizer.h"
#include "base/str.h"

enum { ALIGNMENT = 16, BLOCK_MIN = 256, BLOCK_GROWTH_MAX = 1 << 20 };

struct block {
    struct block *older;
    size_t size;
    size_t used;
    _Alignas(ALIGNMENT) char bytes[];
};

struct deferred {
    struct deferred *earlier;
    void (*fn)(void *);
    void *arg;
};

struct arena {
    struct block *newest;
    struct deferred *deferred;
    size_t used;
};

static struct block *block_create(size_t size, struct block *older)
{
    if (size > SIZE_MAX / 2)
        abort();
    struct block *b = xcalloc(1, sizeof(*b) + size);
    b->older = older;
    b->size = size;
    sanitizer_hide(b->bytes, size);
    return b;
}

static void block_wipe(struct block *b)
{
    sanitizer_show(b->bytes, b->used);
    bytes_wipe(b->bytes, b->used);
    sanitizer_hide(b->bytes, b->used);
    b->used = 0;
}

static void block_destroy(struct block *b)
{
    block_wipe(b);
    sanitizer_show(b->bytes, b->size);
    free(b);
}

struct arena *arena_create(size_t first_block)
{
    struct arena *a = xcalloc(1, sizeof(*a));
    a->newest = block_create(first_block < BLOCK_MIN ? BLOCK_MIN : first_block, NULL);
    return a;
}

static void run_deferred(struct arena *a)
{
    while (a->deferred) {
        struct deferred *last = a->deferred;
        a->deferred = last->earlier;
        last->fn(last->arg);
    }
}

void arena_reset(struct arena *a)
{
    run_deferred(a);
    while (a->newest->older) {
        struct block *b = a->newest;
        a->newest = b->older;
        block_destroy(b);
    }
    block_wipe(a->newest);
    a->used = 0;
}

void arena_destroy(struct arena *a)
{
    if (!a)
        return;
    arena_reset(a);
    block_destroy(a->newest);
    free(a);
}

static void add_block(struct arena *a, size_t least)
{
    size_t size = a->newest->size * 2;
    if (size > BLOCK_GROWTH_MAX)
        size = BLOCK_GROWTH_MAX;
    a->newest = block_create(size < least ? least : size, a->newest);
}

void *arena_alloc(struct arena *a, size_t size)
{
    if (size > SIZE_MAX / 4)
        abort();
    size_t room = (size + SANITIZER_GAP + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    if (room > a->newest->size - a->newest->used)
        add_block(a, room);
    struct block *b = a->newest;
    char *p = b->bytes + b->used;
    b->used += room;
    a->used += size;
    sanitizer_show(p, size);
    return p;
}

void *arena_array(struct arena *a, size_t n, size_t size)
{
    size_t total;
    if (__builtin_mul_overflow(n, size, &total))
        abort();
    return arena_alloc(a, total);
}

void arena_defer(struct arena *a, void (*fn)(void *), void *arg)
{
    struct deferred *d = arena_new(a, struct deferred);
    *d = (struct deferred){.earlier = a->deferred, .fn = fn, .arg = arg};
    a->deferred = d;
}

size_t arena_used(const struct arena *a)
{
    return a->used;
}

void *xcalloc(size_t n, size_t size)
{
    void *p = calloc(n ? n : 1, size ? size : 1);
    if (!p)
        abort();
    return p;
}

char *xstrndup(const char *s, size_t n)
{
    char *copy = xcalloc(1, n + 1);
    memcpy(copy, s, strnlen(s, n));
    return copy;
}
