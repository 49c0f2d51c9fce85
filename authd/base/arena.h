/* SPDX-License-Identifier: Apache-2.0
 *
 * Memory with one lifetime: allocate freely, wipe and reuse all of it at once. A request has one;
 * so has a tenant snapshot while it is built. Allocation never fails (out of memory aborts the
 * process, as in h2o); memory is zeroed and aligned to 16 bytes.
 */
#ifndef AUTHD_BASE_ARENA_H
#define AUTHD_BASE_ARENA_H

#include <stddef.h>

struct arena;

/* The first block has about first_block bytes; further ones double. */
struct arena *arena_create(size_t first_block);
/* Runs the deferred calls, wipes what was used, keeps the first block. */
void arena_reset(struct arena *a);
void arena_destroy(struct arena *a);

void *arena_alloc(struct arena *a, size_t size) __attribute__((malloc, returns_nonnull));
/* n * size with overflow check. */
void *arena_array(struct arena *a, size_t n, size_t size) __attribute__((malloc, returns_nonnull));
#define arena_new(a, type) ((type *)arena_alloc((a), sizeof(type)))
#define arena_new_array(a, n, type) ((type *)arena_array((a), (n), sizeof(type)))

/* fn(arg) runs at reset or destroy, last deferred first: for what must be released with the arena,
 * such as a result set or a reference. */
void arena_defer(struct arena *a, void (*fn)(void *), void *arg);

/* Bytes handed out since the last reset. */
size_t arena_used(const struct arena *a);

/* Process memory that must not fail: abort instead of NULL; zeroed. */
void *xcalloc(size_t n, size_t size) __attribute__((malloc, returns_nonnull));
char *xstrndup(const char *s, size_t n) __attribute__((malloc, returns_nonnull));

#endif
