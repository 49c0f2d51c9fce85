/* SPDX-License-Identifier: Apache-2.0
 *
 * Guarded cells: what is put in stays, what is dropped is wiped, nothing can be written from
 * outside, and threads may fill and drop at once.
 */
#include "crypto/keyring.h"

#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crypto/seal.h"
#include "support/check.h"

enum { MANY = 500, THREADS = 4, ROUNDS = 200 };

static int setup(void **state)
{
    (void)state;
    return crypto_setup();
}

static void fill(uint8_t secret[KEYRING_CELL], unsigned seed)
{
    for (unsigned i = 0; i < KEYRING_CELL; i++)
        secret[i] = (uint8_t)(seed * 31 + i);
}

static void test_keeps_many(void **state)
{
    (void)state;
    static const void *cells[MANY];
    uint8_t secret[KEYRING_CELL];
    for (unsigned i = 0; i < MANY; i++) {
        fill(secret, i);
        cells[i] = keyring_put(secret, sizeof(secret));
        assert_int_equal((uintptr_t)cells[i] % 16, 0);
    }
    for (unsigned i = 0; i < MANY; i += 2)
        keyring_drop(cells[i]);
    for (unsigned i = 0; i < MANY; i += 2) {
        fill(secret, i + MANY);
        cells[i] = keyring_put(secret, sizeof(secret));
    }
    for (unsigned i = 0; i < MANY; i++) {
        fill(secret, i % 2 ? i : i + MANY);
        assert_memory_equal(cells[i], secret, KEYRING_CELL);
    }
    for (unsigned i = 0; i < MANY; i++)
        keyring_drop(cells[i]);
}

static void test_dropped_cell_is_wiped(void **state)
{
    (void)state;
    static const uint8_t zeros[KEYRING_CELL];
    uint8_t secret[KEYRING_CELL];
    fill(secret, 3);
    const void *neighbour = keyring_put(secret, 1); /* keeps the slab */
    const void *cell = keyring_put(secret, sizeof(secret));
    keyring_drop(cell);
    assert_memory_equal(cell, zeros, KEYRING_CELL);
    keyring_drop(neighbour);
    keyring_drop(NULL);
}

/* In a child, because the write must kill it. */
static bool write_is_fatal(const void *cell)
{
    pid_t child = fork();
    if (child == 0) {
        struct rlimit no_core = {0, 0};
        setrlimit(RLIMIT_CORE, &no_core);
        signal(SIGSEGV, SIG_DFL);
        signal(SIGBUS, SIG_DFL);
        *(volatile uint8_t *)(uintptr_t)cell = 1;
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) && (WTERMSIG(status) == SIGSEGV || WTERMSIG(status) == SIGBUS);
}

static void test_cells_are_read_only(void **state)
{
    (void)state;
    const void *cell = keyring_put("secret", 6);
    assert_true(write_is_fatal(cell));
    assert_memory_equal(cell, "secret", 6);
    keyring_drop(cell);
}

static void *fill_and_drop(void *arg)
{
    unsigned seed = *(unsigned *)arg;
    uint8_t secret[KEYRING_CELL];
    const void *held = keyring_put("held", 4);
    for (unsigned i = 0; i < ROUNDS; i++) {
        fill(secret, seed + i);
        const void *cell = keyring_put(secret, sizeof(secret));
        bool kept = memcmp(cell, secret, sizeof(secret)) == 0 && memcmp(held, "held", 4) == 0;
        keyring_drop(cell);
        if (!kept)
            return arg;
    }
    keyring_drop(held);
    return NULL;
}

static void test_threads_share_it(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    unsigned seeds[THREADS];
    for (unsigned i = 0; i < THREADS; i++) {
        seeds[i] = i * 1000;
        assert_int_equal(pthread_create(&threads[i], NULL, fill_and_drop, &seeds[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        void *failed;
        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keeps_many),
        cmocka_unit_test(test_dropped_cell_is_wiped),
        cmocka_unit_test(test_cells_are_read_only),
        cmocka_unit_test(test_threads_share_it),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
