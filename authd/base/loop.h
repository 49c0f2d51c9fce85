/* SPDX-License-Identifier: Apache-2.0
 *
 * What the lower floors see of an event loop: timers, readiness of descriptors, messages from other
 * threads, and the one way to wait. The h2o loop of the server floor implements it; so does the
 * poll loop of the tests.
 */
#ifndef AUTHD_BASE_LOOP_H
#define AUTHD_BASE_LOOP_H

#include "base/err.h"
#include "base/list.h"
#include "base/str.h"

struct io;
struct loop;

enum { IO_READ = 1, IO_WRITE = 2 };
typedef void (*io_fn)(void *arg, int ready);

/* A message to a loop; the sender owns the memory until fn runs on the loop's thread. */
struct message {
    struct list link;
    void (*fn)(struct message *);
};

struct loop_ops {
    /* Watches a dup of fd for readability, level-triggered; io_close does not close the caller's
     * fd. */
    struct io *(*io_open)(struct loop *, int fd, io_fn fn, void *arg);
    /* One call of fn with IO_WRITE once the descriptor is writable. */
    void (*io_want_write)(struct io *);
    void (*io_close)(struct io *);
    /* From any thread. */
    void (*post)(struct loop *, struct message *);
};

/* Entry of the timer heap; fires once on its loop. Zeroed = idle. */
struct timer {
    int64_t at_ms; /* monotonic */
    size_t index;  /* position + 1 in the heap, 0 = not set */
    void (*fn)(struct timer *);
};

struct timers {
    struct timer **heap;
    size_t n;
    size_t cap;
};

struct loop {
    const struct loop_ops *ops;
    struct timers timers;
    unsigned index; /* 0 .. loops-1 */
};

/* The loop of the calling thread, NULL on workers. */
extern _Thread_local struct loop *loop_current;

void timer_set(struct loop *l, struct timer *t, int64_t at_ms);
void timer_cancel(struct loop *l, struct timer *t);
/* Runs what is due; returns the milliseconds to the next one, or max_ms. */
int64_t timers_run(struct loop *l, int64_t now_ms, int64_t max_ms);
/* The memory of the heap, when the loop ends. */
void timers_free(struct loop *l);

/* One event that one coroutine waits for. Lives on the waiter's stack. */
struct wait {
    struct coro *co;
    struct timer timer;
    enum err result;
    bool done;
    bool waiting;
};

void wait_init(struct wait *w);
/* Suspends until wait_finish, the deadline given, or the coroutine's own; on time-out returns
 * on_timeout. When the event has already happened, returns at once. */
MUST_CHECK enum err wait_for(struct wait *w, int64_t deadline_ms, enum err on_timeout);
/* Suspends until wait_finish, past every deadline: for what can no longer be withdrawn and is bound
 * to end, such as a job that runs. */
MUST_CHECK enum err wait_end(struct wait *w);
/* On the waiter's loop. Further calls do nothing. */
void wait_finish(struct wait *w, enum err result);
/* Suspends the coroutine for that long. */
void coro_sleep(int64_t ms);

#endif
