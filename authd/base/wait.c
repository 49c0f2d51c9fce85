/* SPDX-License-Identifier: Apache-2.0
 *
 * The one way to wait: a coroutine suspends until its event, and a timer takes it back when the
 * event is late. Only the waiter's own thread touches a wait, so there is nothing to lock.
 */
#include <assert.h>

#include "base/clock.h"
#include "base/coro.h"
#include "base/loop.h"

void wait_init(struct wait *w)
{
    *w = (struct wait){0};
}

static void suspend(struct wait *w)
{
    w->co = coro_current();
    assert(w->co && !w->waiting);
    w->waiting = true;
    coro_suspend();
}

static void resume(struct wait *w)
{
    w->waiting = false;
    coro_resume(w->co);
}

static void on_timer(struct timer *t)
{
    resume(container_of(t, struct wait, timer));
}

/* The earlier of two deadlines of which 0 is none. */
static int64_t earlier(int64_t a, int64_t b)
{
    if (a == 0 || b == 0)
        return a ? a : b;
    return a < b ? a : b;
}

enum err wait_for(struct wait *w, int64_t deadline_ms, enum err on_timeout)
{
    if (w->done)
        return w->result;
    int64_t deadline = earlier(deadline_ms, coro_deadline());
    if (deadline == 0)
        return wait_end(w);
    if (deadline <= clock_mono_ms())
        return on_timeout;
    w->timer.fn = on_timer;
    timer_set(loop_current, &w->timer, deadline);
    suspend(w);
    return w->done ? w->result : on_timeout;
}

enum err wait_end(struct wait *w)
{
    if (!w->done)
        suspend(w);
    return w->result;
}

void wait_finish(struct wait *w, enum err result)
{
    if (w->done)
        return;
    w->done = true;
    w->result = result;
    if (!w->waiting)
        return;
    timer_cancel(loop_current, &w->timer);
    resume(w);
}

void coro_sleep(int64_t ms)
{
    struct wait w;
    wait_init(&w);
    enum err slept = wait_for(&w, clock_mono_ms() + ms, ERR_OK);
    (void)slept;
}
