/* SPDX-License-Identifier: Apache-2.0
 *
 * Coroutines: control goes where it should, nested or not, and stacks are reused.
 */
#include "base/coro.h"

#include "support/check.h"

static char trace[64];
static size_t trace_len;

static void mark(char c)
{
    trace[trace_len++] = c;
    trace[trace_len] = '\0';
}

static int reset_trace(void **state)
{
    (void)state;
    trace_len = 0;
    trace[0] = '\0';
    return 0;
}

struct box {
    struct coro *co;
    int64_t deadline;
    struct box *inner;
    char name;
};

static void return_at_once(void *arg)
{
    (void)arg;
    mark('r');
}

static void suspend_twice(void *arg)
{
    struct box *box = arg;
    box->co = coro_current();
    box->deadline = coro_deadline();
    mark(box->name);
    coro_suspend();
    mark(box->name);
    coro_suspend();
    mark(box->name);
}

static void resume_inner(void *arg)
{
    struct box *box = arg;
    mark('(');
    coro_spawn(suspend_twice, box->inner, 0);
    coro_resume(box->inner->co);
    mark(')');
}

static void test_returns_to_the_spawner(void **state)
{
    (void)state;
    coro_spawn(return_at_once, NULL, 0);
    assert_string_equal(trace, "r");
    assert_null(coro_current());
    assert_int_equal(coro_alive(), 0);
}

static void test_suspends_and_resumes(void **state)
{
    (void)state;
    struct box a = {.name = 'a'};
    struct box b = {.name = 'b'};
    coro_spawn(suspend_twice, &a, 7);
    coro_spawn(suspend_twice, &b, 0);
    assert_int_equal(coro_alive(), 2);
    assert_int_equal(a.deadline, 7);
    assert_int_equal(coro_deadline(), 0);
    coro_resume(a.co);
    coro_resume(a.co);
    coro_resume(b.co);
    coro_resume(b.co);
    assert_string_equal(trace, "abaabb");
    assert_int_equal(coro_alive(), 0);
}

static void test_nests(void **state)
{
    (void)state;
    struct box inner = {.name = 'i'};
    struct box outer = {.inner = &inner};
    coro_spawn(resume_inner, &outer, 0);
    assert_string_equal(trace, "(ii)");
    coro_resume(inner.co);
    assert_string_equal(trace, "(ii)i");
    assert_int_equal(coro_alive(), 0);
}

static void use_stack(void *arg)
{
    volatile char deep[40 * 1024];
    for (size_t i = 0; i < sizeof(deep); i += 512)
        deep[i] = 1;
    *(int *)arg += deep[512];
}

static void test_reuses_stacks(void **state)
{
    (void)state;
    int n = 0;
    for (int i = 0; i < 2000; i++)
        coro_spawn(use_stack, &n, 0);
    assert_int_equal(n, 2000);
}

static void test_holds_many(void **state)
{
    (void)state;
    enum { MANY = 1500 };
    static struct box boxes[MANY];
    for (int i = 0; i < MANY; i++) {
        trace_len = 0;
        coro_spawn(suspend_twice, &boxes[i], 0);
    }
    assert_int_equal(coro_alive(), MANY);
    for (int i = 0; i < 2 * MANY; i++) {
        trace_len = 0;
        coro_resume(boxes[i % MANY].co);
    }
    assert_int_equal(coro_alive(), 0);
    coro_thread_cleanup();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_returns_to_the_spawner, reset_trace),
        cmocka_unit_test_setup(test_suspends_and_resumes, reset_trace),
        cmocka_unit_test_setup(test_nests, reset_trace),
        cmocka_unit_test_setup(test_reuses_stacks, reset_trace),
        cmocka_unit_test_setup(test_holds_many, reset_trace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
