/* SPDX-License-Identifier: Apache-2.0
 *
 * Workers: results come back to the loop, the queue is bounded and fair per key, and a deadline
 * withdraws only what still waits. A gate holds the single thread so that the queue can be filled
 * at leisure.
 */
#include "base/worker.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/coro.h"
#include "support/check.h"
#include "support/poll_loop.h"

enum { QUEUE_MAX = 8 };

static struct loop *loop;
static struct workers *workers;
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;

struct call {
    uint64_t key;
    int64_t deadline;
    enum err got;
    bool ran;
    bool over;
    bool behind_gate;
    unsigned turn;
};

static unsigned turns;

static void work(void *arg)
{
    struct call *call = arg;
    if (call->behind_gate) {
        pthread_mutex_lock(&gate);
        pthread_mutex_unlock(&gate);
    }
    call->ran = true;
    call->turn = turns++;
}

static void call_worker(void *arg)
{
    struct call *call = arg;
    call->got = worker_run(workers, call->key, work, call);
    call->over = true;
}

static int setup(void **state)
{
    (void)state;
    loop = poll_loop_create(0);
    workers = workers_create("test", 1, QUEUE_MAX, 0, NULL);
    turns = 0;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    workers_destroy(workers);
    poll_loop_destroy(loop);
    return 0;
}

static void await_running(void)
{
    while (workers_stats(workers).running == 0)
        usleep(1000);
}

/* Occupies the only thread until open_gate. */
static void close_gate(struct call *blocker)
{
    pthread_mutex_lock(&gate);
    blocker->behind_gate = true;
    coro_spawn(call_worker, blocker, 0);
    await_running();
}

static void open_gate(void)
{
    pthread_mutex_unlock(&gate);
}

static void spawn_calls(struct call *calls, size_t n, uint64_t key)
{
    for (size_t i = 0; i < n; i++) {
        calls[i].key = key;
        coro_spawn(call_worker, &calls[i], calls[i].deadline);
    }
}

static void finish(void)
{
    poll_loop_run(loop, NULL, NULL);
}

static void test_runs_and_returns(void **state)
{
    (void)state;
    struct call calls[3] = {{0}};
    spawn_calls(calls, 3, 1);
    finish();
    for (size_t i = 0; i < 3; i++) {
        assert_true(calls[i].ran && calls[i].over);
        assert_int_equal(calls[i].got, ERR_OK);
    }
}

static void test_refuses_when_full(void **state)
{
    (void)state;
    struct call blocker = {0};
    struct call calls[QUEUE_MAX + 2] = {{0}};
    close_gate(&blocker);
    spawn_calls(calls, QUEUE_MAX + 2, 1);
    assert_int_equal(workers_stats(workers).queued, QUEUE_MAX);
    assert_int_equal(workers_stats(workers).refused, 2);
    assert_true(calls[QUEUE_MAX].over);
    assert_int_equal(calls[QUEUE_MAX].got, ERR_overloaded);
    open_gate();
    finish();
    assert_int_equal(calls[0].got, ERR_OK);
    assert_false(calls[QUEUE_MAX].ran);
}

static void test_keys_take_turns(void **state)
{
    (void)state;
    struct call blocker = {0};
    struct call flood[4] = {{0}};
    struct call other[2] = {{0}};
    close_gate(&blocker);
    spawn_calls(flood, 4, 1);
    spawn_calls(other, 2, 2);
    open_gate();
    finish();
    assert_true(other[0].turn < flood[1].turn);
    assert_true(other[1].turn < flood[2].turn);
    assert_true(flood[2].turn < flood[3].turn);
}

/* What room there is belongs to whoever comes; a flood gives way only to those who hold less. */
static void test_a_flood_takes_what_others_leave(void **state)
{
    (void)state;
    struct call blocker = {0};
    struct call other = {0};
    struct call third = {0};
    struct call flood[QUEUE_MAX] = {{0}};
    close_gate(&blocker);
    spawn_calls(&other, 1, 2);
    spawn_calls(flood, QUEUE_MAX, 1);
    assert_int_equal(workers_stats(workers).queued, QUEUE_MAX);
    assert_int_equal(flood[QUEUE_MAX - 1].got, ERR_overloaded);
    spawn_calls(&third, 1, 3);
    assert_int_equal(workers_stats(workers).queued, QUEUE_MAX);
    open_gate();
    finish();
    assert_int_equal(flood[QUEUE_MAX - 3].got, ERR_OK);
    assert_int_equal(flood[QUEUE_MAX - 2].got, ERR_overloaded);
    assert_int_equal(other.got, ERR_OK);
    assert_int_equal(third.got, ERR_OK);
}

/* Asked beforehand, the queue answers as it would to the job itself. */
static void test_says_whether_it_admits(void **state)
{
    (void)state;
    struct call blocker = {0};
    struct call flood[QUEUE_MAX] = {{0}};
    close_gate(&blocker);
    spawn_calls(flood, QUEUE_MAX - 1, 1);
    assert_true(worker_admits(workers, 1));
    spawn_calls(flood + QUEUE_MAX - 1, 1, 1);
    assert_false(worker_admits(workers, 1));
    assert_int_equal(workers_stats(workers).refused, 1);
    assert_true(worker_admits(workers, 2));
    assert_int_equal(workers_stats(workers).queued, QUEUE_MAX);
    open_gate();
    finish();
}

static void test_a_full_queue_makes_room_for_another_key(void **state)
{
    (void)state;
    struct call blocker = {0};
    struct call flood[QUEUE_MAX] = {{0}};
    struct call other[QUEUE_MAX] = {{0}};
    close_gate(&blocker);
    spawn_calls(flood, QUEUE_MAX, 1);
    spawn_calls(other, QUEUE_MAX, 2);
    assert_int_equal(workers_stats(workers).queued, QUEUE_MAX);
    open_gate();
    finish();
    for (size_t i = 0; i < QUEUE_MAX; i++) {
        enum err expected = i < QUEUE_MAX / 2 ? ERR_OK : ERR_overloaded;
        assert_int_equal(flood[i].got, expected);
        assert_int_equal(other[i].got, expected);
    }
}

static bool is_over(void *arg)
{
    return ((struct call *)arg)->over;
}

/* A deadline that comes only when the test says so. */
enum { FAR_MS = 600000 };

static void let_deadlines_pass(void)
{
    timers_run(loop, clock_mono_ms() + 2 * FAR_MS, 0);
}

static void test_deadline_withdraws_what_waits(void **state)
{
    (void)state;
    struct call blocker = {0};
    struct call late = {.deadline = clock_mono_ms() + FAR_MS};
    struct call gone = {.deadline = 1};
    close_gate(&blocker);
    spawn_calls(&late, 1, 1);
    spawn_calls(&gone, 1, 2);
    assert_true(gone.over);
    assert_false(late.over);
    let_deadlines_pass();
    assert_true(late.over);
    assert_int_equal(late.got, ERR_overloaded);
    assert_int_equal(workers_stats(workers).queued, 0);
    open_gate();
    finish();
    assert_false(late.ran || gone.ran);
    assert_int_equal(blocker.got, ERR_OK);
}

static void test_deadline_does_not_abandon_what_runs(void **state)
{
    (void)state;
    struct call call = {.deadline = clock_mono_ms() + FAR_MS, .behind_gate = true};
    pthread_mutex_lock(&gate);
    spawn_calls(&call, 1, 1);
    await_running();
    let_deadlines_pass();
    assert_false(call.over);
    open_gate();
    finish();
    assert_true(call.ran);
    assert_int_equal(call.got, ERR_OK);
}

struct submitted {
    struct worker_job job;
    struct message back;
    bool came_back;
    int nice;
};

static void on_back(struct message *m)
{
    container_of(m, struct submitted, back)->came_back = true;
}

static void run_submitted(struct worker_job *job)
{
    struct submitted *s = container_of(job, struct submitted, job);
    errno = 0;
    s->nice = getpriority(PRIO_PROCESS, (id_t)gettid());
    s->back.fn = on_back;
    loop->ops->post(loop, &s->back);
}

static bool has_come_back(void *arg)
{
    return ((struct submitted *)arg)->came_back;
}

static void test_submitted_job_posts_back(void **state)
{
    (void)state;
    struct submitted s = {.job.fn = run_submitted};
    assert_int_equal(worker_submit(workers, 9, &s.job), ERR_OK);
    poll_loop_run(loop, has_come_back, &s);
    assert_int_equal(s.nice, getpriority(PRIO_PROCESS, 0));
}

enum { NICEST = 19 };

static void test_threads_are_nicer(void **state)
{
    (void)state;
    struct submitted s = {.job.fn = run_submitted};
    struct workers *nicer = workers_create("a name that is too long", 2, 2, 5, NULL);
    assert_int_equal(worker_submit(nicer, 9, &s.job), ERR_OK);
    poll_loop_run(loop, has_come_back, &s);
    workers_destroy(nicer);
    int wanted = getpriority(PRIO_PROCESS, 0) + 5;
    assert_int_equal(s.nice, wanted < NICEST ? wanted : NICEST);
}

static atomic_int idles;

static void count_idle(void)
{
    atomic_fetch_add(&idles, 1);
}

/* Once after its job, and once before when it started sooner than the job came. */
static void test_idle_is_told_when_work_runs_out(void **state)
{
    (void)state;
    struct submitted s = {.job.fn = run_submitted};
    struct workers *lazy = workers_create("lazy", 1, 2, 0, count_idle);
    assert_int_equal(worker_submit(lazy, 9, &s.job), ERR_OK);
    poll_loop_run(loop, has_come_back, &s);
    workers_destroy(lazy);
    assert_in_range(atomic_load(&idles), 1, 2);
}

static void *destroy_workers(void *arg)
{
    (void)arg;
    workers_destroy(workers);
    return NULL;
}

static void test_destroy_drops_waiters_and_runs_the_rest(void **state)
{
    (void)state;
    pthread_t destroyer;
    struct call blocker = {0};
    struct call waiting[2] = {{0}};
    struct submitted s = {.job.fn = run_submitted};
    close_gate(&blocker);
    spawn_calls(waiting, 2, 1);
    assert_int_equal(worker_submit(workers, 1, &s.job), ERR_OK);
    pthread_create(&destroyer, NULL, destroy_workers, NULL);
    poll_loop_run(loop, is_over, &waiting[0]); /* the newest goes first */
    assert_int_equal(waiting[1].got, ERR_overloaded);
    assert_int_equal(waiting[0].got, ERR_overloaded);
    open_gate();
    finish();
    poll_loop_run(loop, has_come_back, &s);
    pthread_join(destroyer, NULL);
    assert_true(blocker.ran);
    assert_false(waiting[0].ran || waiting[1].ran);
    workers = NULL;
}

enum { CALLERS = 400 };

static void test_many_callers(void **state)
{
    (void)state;
    static struct call calls[CALLERS];
    workers_destroy(workers);
    workers = workers_create("many", 1, CALLERS, 0, NULL);
    for (size_t i = 0; i < CALLERS; i++) {
        calls[i] = (struct call){.deadline = i % 5 == 0 ? clock_mono_ms() + 2 : 0};
        spawn_calls(&calls[i], 1, i % 7);
    }
    finish();
    for (size_t i = 0; i < CALLERS; i++)
        assert_int_equal(calls[i].ran, calls[i].got == ERR_OK);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_runs_and_returns),
        CASE(test_refuses_when_full),
        CASE(test_keys_take_turns),
        CASE(test_a_flood_takes_what_others_leave),
        CASE(test_says_whether_it_admits),
        CASE(test_a_full_queue_makes_room_for_another_key),
        CASE(test_deadline_withdraws_what_waits),
        CASE(test_deadline_does_not_abandon_what_runs),
        CASE(test_submitted_job_posts_back),
        CASE(test_threads_are_nicer),
        CASE(test_idle_is_told_when_work_runs_out),
        CASE(test_destroy_drops_waiters_and_runs_the_rest),
        CASE(test_many_callers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
