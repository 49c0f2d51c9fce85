/* SPDX-License-Identifier: Apache-2.0
 *
 * The h2o loop behind struct loop: descriptors, timers, messages from other threads, coroutines.
 */
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/coro.h"
#include "server/loop.h"
#include "support/check.h"

enum { SENDERS = 4, MESSAGES = 1000, PATIENCE_MS = 60000 };

static struct h2o_loop loop;

static int set_up(void **state)
{
    (void)state;
    h2o_loop_init(&loop, 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    coro_thread_cleanup();
    h2o_loop_dispose(&loop);
    return 0;
}

static bool is_set(void *flag)
{
    return *(bool *)flag;
}

static void run_until_set(bool *flag)
{
    assert_true(h2o_loop_run_until(&loop, is_set, flag, PATIENCE_MS));
}

struct reader {
    struct io *io;
    int fd;
    int calls;
    bool done;
    int ready;
};

static void on_ready(void *arg, int ready)
{
    struct reader *r = arg;
    char c;
    r->ready |= ready;
    r->calls++;
    if (r->calls < 3 && ready == IO_READ) /* level-triggered: it comes again until read */
        return;
    if (ready == IO_READ)
        assert_int_equal(read(r->fd, &c, 1), 1);
    r->done = true;
}

static void test_io_is_level_triggered_and_leaves_the_bytes(void **state)
{
    int fds[2];
    struct reader r = {0};
    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    r.fd = fds[0];
    r.io = loop.base.ops->io_open(&loop.base, fds[0], on_ready, &r);
    assert_int_equal(write(fds[1], "x", 1), 1);
    run_until_set(&r.done);
    assert_int_equal(r.calls, 3);
    loop.base.ops->io_close(r.io);
    assert_int_equal(write(fds[0], "y", 1), 1); /* ours is still open */
    close(fds[0]);
    close(fds[1]);
}

static void test_io_write_comes_once_for_each_wish(void **state)
{
    int fds[2];
    struct reader r = {0};
    bool nothing = false;
    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    r.io = loop.base.ops->io_open(&loop.base, fds[0], on_ready, &r);
    loop.base.ops->io_want_write(r.io);
    loop.base.ops->io_want_write(r.io); /* a second wish is the same wish */
    run_until_set(&r.done);
    assert_int_equal(r.ready, IO_WRITE);
    assert_false(h2o_loop_run_until(&loop, is_set, &nothing, 30));
    assert_int_equal(r.calls, 1);
    loop.base.ops->io_close(r.io);
    close(fds[0]);
    close(fds[1]);
}

struct closer {
    struct io *other;
    struct io *own;
    bool *done;
};

static void on_ready_close_both(void *arg, int ready)
{
    struct closer *c = arg;
    (void)ready;
    if (*c->done)
        fail_msg("called after it was closed");
    *c->done = true;
    loop.base.ops->io_close(c->other);
    loop.base.ops->io_close(c->own);
}

/* Two descriptors ready in one turn, and the first closes both. */
static void test_io_may_be_closed_in_a_callback(void **state)
{
    int fds[2];
    bool done = false;
    bool nothing = false;
    struct closer a = {.done = &done};
    struct closer b = {.done = &done};
    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    a.own = b.other = loop.base.ops->io_open(&loop.base, fds[0], on_ready_close_both, &a);
    b.own = a.other = loop.base.ops->io_open(&loop.base, fds[0], on_ready_close_both, &b);
    assert_int_equal(write(fds[1], "x", 1), 1);
    run_until_set(&done);
    assert_false(h2o_loop_run_until(&loop, is_set, &nothing, 20));
    close(fds[0]);
    close(fds[1]);
}

static int order[3];
static int fired;

struct numbered {
    struct timer timer;
    int number;
};

static void on_numbered(struct timer *t)
{
    order[fired++] = container_of(t, struct numbered, timer)->number;
}

static bool all_fired(void *arg)
{
    (void)arg;
    return fired == 3;
}

static void test_timers_fire_in_order_and_on_time(void **state)
{
    struct numbered timers[4] = {{.number = 0}, {.number = 1}, {.number = 2}, {.number = 3}};
    const int delays[4] = {40, 5, 20, 10};
    int64_t started = clock_mono_ms();
    (void)state;
    fired = 0;
    for (int i = 0; i < 4; i++) {
        timers[i].timer.fn = on_numbered;
        timer_set(&loop.base, &timers[i].timer, started + delays[i]);
    }
    timer_cancel(&loop.base, &timers[3].timer);
    assert_true(h2o_loop_run_until(&loop, all_fired, NULL, PATIENCE_MS));
    assert_true(clock_mono_ms() - started >= 40);
    assert_int_equal(order[0], 1);
    assert_int_equal(order[1], 2);
    assert_int_equal(order[2], 0);
}

static int received; /* on the loop's thread only */

static void on_message(struct message *m)
{
    (void)m;
    received++;
}

static struct message messages[SENDERS][MESSAGES];

static void *send_messages(void *arg)
{
    struct message *mine = arg;
    for (int i = 0; i < MESSAGES; i++) {
        mine[i].fn = on_message;
        loop.base.ops->post(&loop.base, &mine[i]);
    }
    return NULL;
}

static bool all_received(void *arg)
{
    (void)arg;
    return received == SENDERS * MESSAGES;
}

static void test_messages_arrive_from_any_thread(void **state)
{
    pthread_t threads[SENDERS];
    (void)state;
    received = 0;
    for (int i = 0; i < SENDERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, send_messages, messages[i]), 0);
    assert_true(h2o_loop_run_until(&loop, all_received, NULL, PATIENCE_MS));
    for (int i = 0; i < SENDERS; i++)
        pthread_join(threads[i], NULL);
}

static void sleep_twice(void *arg)
{
    coro_sleep(5);
    coro_sleep(5);
    *(bool *)arg = true;
}

static void test_coroutines_wait_on_the_loop(void **state)
{
    bool done = false;
    (void)state;
    coro_spawn(sleep_twice, &done, 0);
    assert_false(done);
    run_until_set(&done);
    assert_int_equal(coro_alive(), 0);
}

static void on_stop_message(struct message *m)
{
    (void)m;
    h2o_loop_stop(&loop);
}

static void test_stop_ends_the_run(void **state)
{
    struct message m = {.fn = on_stop_message};
    (void)state;
    loop.base.ops->post(&loop.base, &m);
    h2o_loop_run(&loop);
    assert_true(loop.stopping);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_io_is_level_triggered_and_leaves_the_bytes),
        cmocka_unit_test(test_io_write_comes_once_for_each_wish),
        cmocka_unit_test(test_io_may_be_closed_in_a_callback),
        cmocka_unit_test(test_timers_fire_in_order_and_on_time),
        cmocka_unit_test(test_messages_arrive_from_any_thread),
        cmocka_unit_test(test_coroutines_wait_on_the_loop),
        cmocka_unit_test(test_stop_ends_the_run),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
