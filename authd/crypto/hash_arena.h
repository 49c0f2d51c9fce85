/* SPDX-License-Identifier: Apache-2.0
 *
 * Kept memory for password hashes. libsodium and libscrypt map their working memory at every hash
 * and unmap it afterwards; between hash_arena_begin and hash_arena_end that one map of this thread
 * is answered from an arena that stays. Inside the crypto floor only.
 */
#ifndef AUTHD_CRYPTO_HASH_ARENA_H
#define AUTHD_CRYPTO_HASH_ARENA_H

#include <stdbool.h>
#include <stddef.h>

/* A process-wide wish, before threads start. Off until set. */
void hash_arena_enable(bool wish);
/* The next private anonymous map of exactly `size` bytes on this thread comes from the arena.
 * Without effect where the arena is off, unavailable or smaller than that. */
void hash_arena_begin(size_t size);
/* Takes back what was lent; true when the library did take its memory from the arena. */
bool hash_arena_end(void);
/* Zeroes what hashes left in this thread's arena. */
void hash_arena_wipe(void);
/* The same, and unmaps it. */
void hash_arena_release(void);

#endif
