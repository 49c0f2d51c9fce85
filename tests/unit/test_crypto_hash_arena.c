/* SPDX-License-Identifier: Apache-2.0
 *
 * The arena behind mmap: it answers exactly one map of a hashing thread, is wiped when told to,
 * leaves every other map to the kernel, and changes no hash. Where a build cannot have it (the
 * sanitizers), hashing must simply work without.
 */
#include "crypto/hash_arena.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "crypto/hash_arena_possible.h"
#include "crypto/pwhash.h"
#include "crypto/seal.h"
#include "support/check.h"

enum { SIZE = 1 << 20, ANONYMOUS = MAP_PRIVATE | MAP_ANONYMOUS };

static int setup(void **state)
{
    (void)state;
    return crypto_setup();
}

static int switch_on(void **state)
{
    (void)state;
    return pwhash_setup(true);
}

static int switch_off(void **state)
{
    (void)state;
    pwhash_thread_cleanup();
    return pwhash_setup(false);
}

static void *map(size_t n)
{
    return mmap(NULL, n, PROT_READ | PROT_WRITE, ANONYMOUS, -1, 0);
}

static void need_arena(void)
{
    if (!pwhash_arena_active())
        skip();
}

static void test_is_in_effect_where_it_can_be(void **state)
{
    (void)state;
    assert_int_equal(pwhash_arena_active(), HASH_ARENA_POSSIBLE);
    assert_int_equal(pwhash_setup(false), ERR_OK);
    assert_false(pwhash_arena_active());
    assert_int_equal(pwhash_setup(true), ERR_OK);
    assert_int_equal(pwhash_arena_active(), HASH_ARENA_POSSIBLE);
}

/* The whole arena: nothing that any hash of any size left behind. */
static void check_zero(const uint8_t *p, size_t n)
{
    size_t left = 0;
    for (size_t i = 0; i < n; i++)
        left += p[i] != 0;
    assert_int_equal(left, 0);
}

static uint8_t *borrow(size_t n)
{
    hash_arena_begin(n);
    uint8_t *p = map(n);
    assert_true(p != MAP_FAILED);
    memset(p, 0xA5, n);
    assert_int_equal(munmap(p, n), 0);
    assert_true(hash_arena_end());
    return p;
}

static void test_idle_wipes_whatever_the_largest_hash_took(void **state)
{
    (void)state;
    need_arena();
    uint8_t *p = borrow(SIZE * 2);
    assert_ptr_equal(borrow(SIZE), p);
    pwhash_thread_idle();
    check_zero(p, SIZE * 2);
    assert_ptr_equal(borrow(SIZE), p);
    pwhash_thread_idle();
    check_zero(p, SIZE * 2);
}

static void test_real_hashes_leave_nothing_after_idle(void **state)
{
    (void)state;
    need_arena();
    static const enum pwhash_algorithm both[] = {PWHASH_ARGON2ID, PWHASH_SCRYPT};
    uint8_t *p = borrow(SIZE); /* learns where the arena is */
    for (int i = 0; i < 2; i++) {
        char text[PWHASH_TEXT_MAX];
        assert_int_equal(pwhash_create(both[i], STR("pass"), text), ERR_OK);
        pwhash_thread_idle();
        check_zero(p, (size_t)PWHASH_ARGON2ID_KIB * 1024);
    }
}

/* Why wiping may wait: what a hash finds in its memory is nothing to it. */
static void test_hashes_do_not_depend_on_what_the_arena_holds(void **state)
{
    (void)state;
    static const enum pwhash_algorithm both[] = {PWHASH_ARGON2ID, PWHASH_SCRYPT};
    for (int i = 0; i < 2; i++) {
        char text[PWHASH_TEXT_MAX];
        bool matches = false;
        assert_int_equal(pwhash_setup(false), ERR_OK);
        assert_int_equal(pwhash_create(both[i], STR("pass"), text), ERR_OK);
        assert_int_equal(pwhash_setup(true), ERR_OK);
        if (pwhash_arena_active())
            borrow((size_t)32 << 20);
        assert_int_equal(pwhash_verify(str_of(text), STR("pass"), &matches), ERR_OK);
        assert_true(matches);
    }
}

static void test_only_the_expected_map_is_answered(void **state)
{
    (void)state;
    need_arena();
    char file[] = "/tmp/authd_hash_arena_XXXXXX";
    int fd = mkstemp(file);
    unlink(file);
    assert_int_equal(ftruncate(fd, SIZE), 0);
    hash_arena_begin(SIZE);
    void *of_file = mmap(NULL, SIZE, PROT_READ, MAP_PRIVATE, fd, 0);
    void *shared = mmap(NULL, SIZE, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    void *other_size = map(SIZE * 2);
    void *first = map(SIZE);
    void *second = map(SIZE);
    assert_true(of_file != first && shared != first && other_size != first && second != first);
    assert_int_equal(munmap(of_file, SIZE) | munmap(shared, SIZE) | munmap(second, SIZE), 0);
    assert_int_equal(munmap(other_size, SIZE * 2), 0);
    assert_int_equal(munmap(first, SIZE), 0);
    assert_true(hash_arena_end());
    void *later = map(SIZE);
    assert_ptr_not_equal(later, first);
    assert_int_equal(munmap(later, SIZE), 0);
    close(fd);
}

static void test_end_takes_back_what_was_not_unmapped(void **state)
{
    (void)state;
    need_arena();
    hash_arena_begin(SIZE);
    uint8_t *p = map(SIZE);
    p[0] = 1;
    assert_true(hash_arena_end());
    pwhash_thread_idle();
    assert_int_equal(p[0], 0);
    hash_arena_begin(SIZE);
    assert_ptr_equal(map(SIZE), p);
    assert_true(hash_arena_end());
}

static void test_larger_than_the_arena_goes_to_the_kernel(void **state)
{
    (void)state;
    bool matches = false;
    hash_arena_begin((size_t)64 << 20);
    void *p = map((size_t)64 << 20);
    assert_true(p != MAP_FAILED);
    assert_int_equal(munmap(p, (size_t)64 << 20), 0);
    assert_false(hash_arena_end());
    assert_int_equal(pwhash_verify(STR("$argon2id$v=19$m=65536,t=1,p=1$c29tZXNhbHQ$"
                                       "9qWtwbpyPd3vm1rB1GThgPzZ3/ydHL92zKL+15XZypg"),
                                   STR("password"), &matches),
                     ERR_OK);
    assert_true(matches);
}

static void test_kernel_errors_pass_through(void **state)
{
    (void)state;
    errno = 0;
    assert_ptr_equal(mmap(NULL, 0, PROT_READ, ANONYMOUS, -1, 0), MAP_FAILED);
    assert_int_equal(errno, EINVAL);
    errno = 0;
    assert_int_equal(munmap((void *)1, 4096), -1);
    assert_int_equal(errno, EINVAL);
}

/* What one mode writes the other must verify: the hash of a salt is the same bytes in both. */
static void test_same_bytes_as_stock(void **state)
{
    (void)state;
    static const enum pwhash_algorithm both[] = {PWHASH_ARGON2ID, PWHASH_SCRYPT};
    for (int i = 0; i < 4; i++) {
        char text[PWHASH_TEXT_MAX];
        bool matches = false;
        assert_int_equal(pwhash_setup(i % 2), ERR_OK);
        assert_int_equal(pwhash_create(both[i / 2], STR("pass"), text), ERR_OK);
        assert_int_equal(pwhash_setup(1 - i % 2), ERR_OK);
        assert_int_equal(pwhash_verify(str_of(text), STR("pass"), &matches), ERR_OK);
        assert_true(matches);
        assert_int_equal(pwhash_verify(str_of(text), STR("fail"), &matches), ERR_OK);
        assert_false(matches);
    }
}

static void *hash_some(void *arg)
{
    char text[PWHASH_TEXT_MAX];
    bool good = true;
    for (int i = 0; i < 6 && good; i++) {
        bool right = false;
        bool wrong = true;
        good = pwhash_create(i % 3 ? PWHASH_ARGON2ID : PWHASH_SCRYPT, STR("a"), text) == ERR_OK &&
               pwhash_verify(str_of(text), STR("a"), &right) == ERR_OK && right &&
               pwhash_verify(str_of(text), STR("b"), &wrong) == ERR_OK && !wrong;
        if (i == 3)
            pwhash_thread_cleanup(); /* the next hash makes a new arena */
    }
    pwhash_thread_cleanup();
    return good ? NULL : arg;
}

static void test_threads_have_their_own(void **state)
{
    (void)state;
    pthread_t threads[3];
    for (int i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, hash_some, threads), 0);
    for (int i = 0; i < 3; i++) {
        void *failed;
        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_is_in_effect_where_it_can_be, switch_on, switch_off),
        cmocka_unit_test_setup_teardown(test_idle_wipes_whatever_the_largest_hash_took, switch_on,
                                        switch_off),
        cmocka_unit_test_setup_teardown(test_real_hashes_leave_nothing_after_idle, switch_on,
                                        switch_off),
        cmocka_unit_test_setup_teardown(test_hashes_do_not_depend_on_what_the_arena_holds,
                                        switch_on, switch_off),
        cmocka_unit_test_setup_teardown(test_only_the_expected_map_is_answered, switch_on,
                                        switch_off),
        cmocka_unit_test_setup_teardown(test_end_takes_back_what_was_not_unmapped, switch_on,
                                        switch_off),
        cmocka_unit_test_setup_teardown(test_larger_than_the_arena_goes_to_the_kernel, switch_on,
                                        switch_off),
        cmocka_unit_test_setup_teardown(test_kernel_errors_pass_through, switch_on, switch_off),
        cmocka_unit_test_setup_teardown(test_same_bytes_as_stock, switch_on, switch_off),
        cmocka_unit_test_setup_teardown(test_threads_have_their_own, switch_on, switch_off),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
