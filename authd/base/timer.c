/* SPDX-License-Identifier: Apache-2.0
 *
 * The timers of a loop: a binary heap of pointers, each timer knowing its place so that cancelling
 * needs no search.
 */
#include <stdlib.h>

#include "base/loop.h"

_Thread_local struct loop *loop_current;

static void place(struct timers *t, size_t i, struct timer *timer)
{
    t->heap[i] = timer;
    timer->index = i + 1;
}

static void move_up(struct timers *t, size_t i, struct timer *timer)
{
    while (i > 0 && timer->at_ms < t->heap[(i - 1) / 2]->at_ms) {
        place(t, i, t->heap[(i - 1) / 2]);
        i = (i - 1) / 2;
    }
    place(t, i, timer);
}

static void move_down(struct timers *t, size_t i, struct timer *timer)
{
    for (size_t child = 2 * i + 1; child < t->n; child = 2 * i + 1) {
        if (child + 1 < t->n && t->heap[child + 1]->at_ms < t->heap[child]->at_ms)
            child++;
        if (timer->at_ms <= t->heap[child]->at_ms)
            break;
        place(t, i, t->heap[child]);
        i = child;
    }
    place(t, i, timer);
}

static void grow(struct timers *t)
{
    size_t cap = t->cap ? t->cap * 2 : 64;
    struct timer **heap = reallocarray(t->heap, cap, sizeof(struct timer *));
    if (!heap)
        abort();
    t->heap = heap;
    t->cap = cap;
}

void timer_set(struct loop *l, struct timer *t, int64_t at_ms)
{
    timer_cancel(l, t);
    if (l->timers.n == l->timers.cap)
        grow(&l->timers);
    t->at_ms = at_ms;
    move_up(&l->timers, l->timers.n++, t);
}

void timer_cancel(struct loop *l, struct timer *t)
{
    struct timers *timers = &l->timers;
    if (t->index == 0)
        return;
    size_t i = t->index - 1;
    t->index = 0;
    struct timer *last = timers->heap[--timers->n];
    if (last == t)
        return;
    if (i > 0 && last->at_ms < timers->heap[(i - 1) / 2]->at_ms)
        move_up(timers, i, last);
    else
        move_down(timers, i, last);
}

int64_t timers_run(struct loop *l, int64_t now_ms, int64_t max_ms)
{
    struct timers *t = &l->timers;
    /* No more than there are now: a timer that sets itself again at once must not hold the loop. */
    for (size_t left = t->n; left > 0 && t->n > 0 && t->heap[0]->at_ms <= now_ms; left--) {
        struct timer *due = t->heap[0];
        timer_cancel(l, due);
        due->fn(due);
    }
    if (t->n == 0)
        return max_ms;
    int64_t ms = t->heap[0]->at_ms - now_ms;
    if (ms < 0)
        return 0;
    return ms < max_ms ? ms : max_ms;
}

void timers_free(struct loop *l)
{
    free(l->timers.heap);
    l->timers = (struct timers){0};
}
