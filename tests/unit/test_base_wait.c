/* SPDX-License-Identifier: Apache-2.0
 *
 * Timers and waiting: order, cancelling, deadlines, and that an event counts whenever it comes.
 */
#include <stdlib.h>

#include "base/clock.h"
#include "base/coro.h"
#include "base/loop.h"
#include "support/check.h"
#include "support/poll_loop.h"

/* Beyond any wait that ends for another reason. */
enum { FAR_MS = 600000 };

static struct loop *loop;

static int start_loop(void **state)
{
    (void)state;
    loop = poll_loop_create(0);
    return 0;
}

static int stop_loop(void **state)
{
    (void)state;
    poll_loop_destroy(loop);
    return 0;
}

struct tick {
    struct timer timer;
    int64_t *last;
    unsigned fired;
    bool again;
};

static void on_tick(struct timer *t)
{
    struct tick *tick = container_of(t, struct tick, timer);
    assert_true(t->at_ms >= *tick->last);
    *tick->last = t->at_ms;
    tick->fired++;
    if (tick->again)
        timer_set(loop, t, t->at_ms);
}

static void test_timers_fire_in_order(void **state)
{
    (void)state;
    enum { MANY = 500 };
    static struct tick ticks[MANY];
    int64_t last = 0;
    for (size_t i = 0; i < MANY; i++) {
        ticks[i] = (struct tick){.timer.fn = on_tick, .last = &last};
        timer_set(loop, &ticks[i].timer, (int64_t)(i * 7919 % 1009));
    }
    for (size_t i = 0; i < MANY; i += 3)
        timer_cancel(loop, &ticks[i].timer);
    for (size_t i = 1; i < MANY; i += 3)
        timer_set(loop, &ticks[i].timer, (int64_t)(i * 31 % 1009));
    assert_true(timers_run(loop, 500, 10000) > 0);
    assert_true(last <= 500);
    assert_int_equal(timers_run(loop, 2000, 77), 77);
    for (size_t i = 0; i < MANY; i++)
        assert_int_equal(ticks[i].fired, i % 3 != 0);
}

static void test_timer_that_repeats_does_not_hold_the_loop(void **state)
{
    (void)state;
    int64_t last = 0;
    struct tick tick = {.timer.fn = on_tick, .last = &last, .again = true};
    timer_set(loop, &tick.timer, 5);
    assert_int_equal(timers_run(loop, 10, 100), 0);
    assert_int_equal(tick.fired, 1);
    timer_cancel(loop, &tick.timer);
    timer_cancel(loop, &tick.timer);
    assert_int_equal(timers_run(loop, 10, 100), 100);
}

static void test_run_tells_the_time_to_the_next(void **state)
{
    (void)state;
    int64_t last = 0;
    struct tick tick = {.timer.fn = on_tick, .last = &last};
    timer_set(loop, &tick.timer, 50);
    assert_int_equal(timers_run(loop, 20, 100), 30);
    assert_int_equal(timers_run(loop, 20, 10), 10);
    timer_cancel(loop, &tick.timer);
}

struct waiter {
    struct wait *wait;
    int64_t deadline;
    enum err got;
    bool over;
};

static void wait_once(void *arg)
{
    struct waiter *waiter = arg;
    waiter->got = wait_for(waiter->wait, waiter->deadline, ERR_tenant_db_unavailable);
    waiter->over = true;
}

static void test_event_ends_the_wait(void **state)
{
    (void)state;
    struct wait wait;
    wait_init(&wait);
    struct waiter waiter = {.wait = &wait, .deadline = clock_mono_ms() + FAR_MS};
    coro_spawn(wait_once, &waiter, 0);
    assert_false(waiter.over);
    wait_finish(&wait, ERR_conflict);
    assert_true(waiter.over);
    assert_int_equal(waiter.got, ERR_conflict);
    wait_finish(&wait, ERR_OK);
    assert_int_equal(wait.result, ERR_conflict);
    assert_int_equal(loop->timers.n, 0);
}

static void test_event_before_the_wait(void **state)
{
    (void)state;
    struct wait wait;
    wait_init(&wait);
    wait_finish(&wait, ERR_not_found);
    struct waiter waiter = {.wait = &wait, .deadline = 1};
    coro_spawn(wait_once, &waiter, 0);
    assert_true(waiter.over);
    assert_int_equal(waiter.got, ERR_not_found);
}

static void check_times_out(int64_t deadline, int64_t coroutine_deadline)
{
    struct wait wait;
    wait_init(&wait);
    struct waiter waiter = {.wait = &wait, .deadline = deadline};
    int64_t from = clock_mono_ms();
    coro_spawn(wait_once, &waiter, coroutine_deadline);
    poll_loop_run(loop, NULL, NULL);
    assert_true(waiter.over);
    assert_int_equal(waiter.got, ERR_tenant_db_unavailable);
    assert_true(clock_mono_ms() - from < FAR_MS);
    wait_finish(&wait, ERR_OK);
}

static void test_deadlines_end_the_wait(void **state)
{
    (void)state;
    int64_t now = clock_mono_ms();
    check_times_out(now + 20, 0);
    check_times_out(0, now + 40);
    check_times_out(now + FAR_MS, now + 60);
    check_times_out(now + 80, now + FAR_MS);
    check_times_out(1, 0);
}

static void wait_to_the_end(void *arg)
{
    struct waiter *waiter = arg;
    waiter->got = wait_end(waiter->wait);
    waiter->over = true;
}

static void test_wait_end_outlives_the_deadline(void **state)
{
    (void)state;
    struct wait wait;
    wait_init(&wait);
    struct waiter waiter = {.wait = &wait};
    coro_spawn(wait_to_the_end, &waiter, 1);
    assert_int_equal(timers_run(loop, clock_mono_ms(), 10), 10);
    assert_false(waiter.over);
    wait_finish(&wait, ERR_OK);
    assert_true(waiter.over);
}

static void sleep_a_little(void *arg)
{
    int64_t from = clock_mono_ms();
    coro_sleep(30);
    *(int64_t *)arg = clock_mono_ms() - from;
}

static void test_sleep(void **state)
{
    (void)state;
    int64_t slept = 0;
    coro_spawn(sleep_a_little, &slept, 0);
    poll_loop_run(loop, NULL, NULL);
    assert_true(slept >= 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_timers_fire_in_order),
        cmocka_unit_test(test_timer_that_repeats_does_not_hold_the_loop),
        cmocka_unit_test(test_run_tells_the_time_to_the_next),
        cmocka_unit_test(test_event_ends_the_wait),
        cmocka_unit_test(test_event_before_the_wait),
        cmocka_unit_test(test_deadlines_end_the_wait),
        cmocka_unit_test(test_wait_end_outlives_the_deadline),
        cmocka_unit_test(test_sleep),
    };
    return cmocka_run_group_tests(tests, start_loop, stop_loop);
}
