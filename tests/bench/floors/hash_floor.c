/* SPDX-License-Identifier: Apache-2.0
 *
 * The floor under every sign-in: the server's own password hash in a bare loop, nothing around it.
 *     bench_hash_floor THREADS SECONDS [stock] [scrypt]
 * prints hashes per second and CPU milliseconds per hash; "stock" leaves the arena off.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "crypto/pwhash.h"
#include "crypto/seal.h"

enum { THREADS_MAX = 64 };

struct runner {
    pthread_t thread;
    enum pwhash_algorithm algorithm;
    int64_t until_us;
    int64_t hashes;
    int64_t cpu_us;
};

static void *run(void *arg)
{
    struct runner *r = arg;
    char text[PWHASH_TEXT_MAX];
    int64_t cpu_before = clock_thread_cpu_us();
    do {
        if (pwhash_create(r->algorithm, STR("correct horse battery staple"), text) != ERR_OK)
            abort();
        r->hashes++;
    } while (clock_mono_us() < r->until_us);
    r->cpu_us = clock_thread_cpu_us() - cpu_before;
    pwhash_thread_cleanup();
    return NULL;
}

static void measure(int64_t threads, int64_t seconds, enum pwhash_algorithm algorithm)
{
    static struct runner runners[THREADS_MAX];
    int64_t hashes = 0;
    int64_t cpu_us = 0;
    int64_t start = clock_mono_us();
    for (int64_t i = 0; i < threads; i++) {
        runners[i].algorithm = algorithm;
        runners[i].until_us = start + seconds * 1000000;
        if (pthread_create(&runners[i].thread, NULL, run, &runners[i]) != 0)
            abort();
    }
    for (int64_t i = 0; i < threads; i++) {
        pthread_join(runners[i].thread, NULL);
        hashes += runners[i].hashes;
        cpu_us += runners[i].cpu_us;
    }
    double elapsed = (double)(clock_mono_us() - start) / 1e6;
    printf("%s arena=%s threads=%d hashes/s=%.1f cpu_ms/hash=%.2f\n",
           algorithm == PWHASH_SCRYPT ? "scrypt" : "argon2id", pwhash_arena_active() ? "on" : "off",
           (int)threads, (double)hashes / elapsed, (double)cpu_us / 1000 / (double)hashes);
}

int main(int argc, char **argv)
{
    int64_t threads;
    int64_t seconds;
    bool stock = false;
    enum pwhash_algorithm algorithm = PWHASH_ARGON2ID;
    for (int i = 3; i < argc; i++) {
        stock = stock || str_eqz(STR("stock"), argv[i]);
        if (str_eqz(STR("scrypt"), argv[i]))
            algorithm = PWHASH_SCRYPT;
    }
    if (argc < 3 || !str_to_int(str_of(argv[1]), 1, THREADS_MAX, &threads) ||
        !str_to_int(str_of(argv[2]), 1, 3600, &seconds)) {
        fprintf(stderr, "usage: %s THREADS SECONDS [stock] [scrypt]\n", argv[0]);
        return 2;
    }
    if (crypto_setup() != ERR_OK || pwhash_setup(!stock) != ERR_OK)
        return 1;
    measure(threads, seconds, algorithm);
    return 0;
}
