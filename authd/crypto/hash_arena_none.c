/* SPDX-License-Identifier: Apache-2.0
 *
 * The arena of a build that cannot have one: nothing is ever lent, hashes run as the libraries
 * made them.
 */
#include "crypto/hash_arena.h"
#include "crypto/hash_arena_possible.h"

#if !HASH_ARENA_POSSIBLE
void hash_arena_enable(bool wish)
{
    (void)wish;
}

void hash_arena_begin(size_t size)
{
    (void)size;
}

bool hash_arena_end(void)
{
    return false;
}

void hash_arena_wipe(void)
{
}

void hash_arena_release(void)
{
}
#endif
