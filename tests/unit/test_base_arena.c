/* SPDX-License-Identifier: Apache-2.0
 *
 * The arena: aligned zeroed memory, deferred calls, and nothing left behind after a reset.
 */
#include "base/arena.h"

#include <stdlib.h>

#include "base/str.h"
#include "support/check.h"

static bool is_zero(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (p[i])
            return false;
    }
    return true;
}

static void test_memory_is_zeroed_and_aligned(void **state)
{
    (void)state;
    struct arena *a = arena_create(100);
    for (size_t round = 0; round < 3; round++) {
        for (size_t size = 0; size < 300; size++) {
            char *p = arena_alloc(a, size);
            assert_int_equal((uintptr_t)p % 16, 0);
            assert_true(is_zero(p, size));
            memset(p, 0xEE, size);
        }
        assert_int_equal(arena_used(a), 300 * 299 / 2);
        arena_reset(a);
        assert_int_equal(arena_used(a), 0);
    }
    arena_destroy(a);
    arena_destroy(NULL);
}

static void test_reset_reuses_the_first_block(void **state)
{
    (void)state;
    struct arena *a = arena_create(1000);
    char *before = arena_alloc(a, 16);
    arena_alloc(a, 5 << 20);
    arena_reset(a);
    assert_ptr_equal(arena_alloc(a, 16), before);
    arena_destroy(a);
}

static void test_typed(void **state)
{
    (void)state;
    struct arena *a = arena_create(0);
    int64_t *one = arena_new(a, int64_t);
    int64_t *many = arena_new_array(a, 100, int64_t);
    *one = many[99];
    assert_int_equal(*one, 0);
    assert_int_equal(arena_used(a), 101 * sizeof(int64_t));
    arena_destroy(a);
}

struct call {
    char *to;
    char name;
};

static void append(void *arg)
{
    struct call *call = arg;
    strncat(call->to, &call->name, 1);
}

static void test_deferred_last_first(void **state)
{
    (void)state;
    char trace[8] = "";
    struct call calls[3] = {{trace, '1'}, {trace, '2'}, {trace, '3'}};
    struct arena *a = arena_create(0);
    arena_defer(a, append, &calls[0]);
    arena_defer(a, append, &calls[1]);
    arena_reset(a);
    assert_string_equal(trace, "21");
    arena_defer(a, append, &calls[2]);
    arena_destroy(a);
    assert_string_equal(trace, "213");
}

static void test_process_memory(void **state)
{
    (void)state;
    char *copy = xstrndup("hello", 3);
    char *whole = xstrndup("hello", 99);
    char *zero = xcalloc(0, 0);
    assert_string_equal(copy, "hel");
    assert_string_equal(whole, "hello");
    free(copy);
    free(whole);
    free(zero);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory_is_zeroed_and_aligned),
        cmocka_unit_test(test_reset_reuses_the_first_block),
        cmocka_unit_test(test_typed),
        cmocka_unit_test(test_deferred_last_first),
        cmocka_unit_test(test_process_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
