/* SPDX-License-Identifier: Apache-2.0
 *
 * Random bytes. Every thread keeps half a kilobyte of kernel randomness, because an id takes ten
 * bytes and a system call each would cost more than the id. What was handed out is wiped at once; a
 * forked child starts with nothing.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/id.h"

enum { POOL_SIZE = 512 };

static _Thread_local struct {
    uint8_t bytes[POOL_SIZE];
    size_t left; /* the last `left` bytes are unused */
} pool;

static pthread_once_t fork_guard = PTHREAD_ONCE_INIT;

/* Only the forking thread lives on in the child, and only its pool was copied. */
static void forget_pool(void)
{
    bytes_wipe(pool.bytes, sizeof(pool.bytes));
    pool.left = 0;
}

static void install_fork_guard(void)
{
    if (pthread_atfork(NULL, NULL, forget_pool) != 0)
        abort();
}

static void read_kernel(uint8_t *out, size_t n)
{
    while (n > 0) {
        ssize_t got = getrandom(out, n, 0);
        if (got < 0 && errno != EINTR)
            abort();
        if (got > 0) {
            out += got;
            n -= (size_t)got;
        }
    }
}

static void refill(void)
{
    pthread_once(&fork_guard, install_fork_guard);
    read_kernel(pool.bytes, sizeof(pool.bytes));
    pool.left = sizeof(pool.bytes);
}

void random_bytes(void *out, size_t n)
{
    if (n > POOL_SIZE / 4) {
        read_kernel(out, n);
        return;
    }
    if (n > pool.left)
        refill();
    uint8_t *from = pool.bytes + POOL_SIZE - pool.left;
    memcpy(out, from, n);
    bytes_wipe(from, n);
    pool.left -= n;
}

uint32_t random_below(uint32_t bound)
{
    uint32_t v;
    if (bound < 2)
        return 0;
    uint32_t skewed =
        -bound % bound; /* 2^32 mod bound: below it some remainders come once too often */
    do {
        random_bytes(&v, sizeof(v));
    } while (v < skewed);
    return v % bound;
}
