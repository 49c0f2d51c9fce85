/* SPDX-License-Identifier: Apache-2.0
 *
 * struct loop on h2o's event loop. Every loop has a thread of its own; loop_post and
 * server_loop_stop may be called from any thread, everything else only from the loop's.
 */
#ifndef AUTHD_SERVER_LOOP_H
#define AUTHD_SERVER_LOOP_H

#include <h2o.h>

#include "base/loop.h"

struct h2o_loop {
    struct loop base;
    h2o_evloop_t *ev;
    h2o_multithread_queue_t *queue;
    h2o_multithread_receiver_t inbox;
    struct message stop;
    struct timer log_timer; /* armed while access lines wait to be written */
    bool stopping;
    _Atomic int64_t alive_ms; /* monotonic time of the last turn, for the watchdog */
};

/* On the loop's own thread: becomes its loop_current. */
void h2o_loop_init(struct h2o_loop *l, unsigned index);
/* Until h2o_loop_stop. */
void h2o_loop_run(struct h2o_loop *l);
/* Makes h2o_loop_run return; from any thread. */
void h2o_loop_stop(struct h2o_loop *l);
/* Turns until `until(arg)` or the time has passed; for closing connections and for tests. */
bool h2o_loop_run_until(struct h2o_loop *l, bool (*until)(void *), void *arg, int64_t timeout_ms);
/* Nothing may be open on it any more. */
void h2o_loop_dispose(struct h2o_loop *l);

/* Access lines are on disk at most this long after they were written. */
enum { LOG_FLUSH_MS = 100 };
void h2o_loop_log_line(struct h2o_loop *l, struct str line);

/* At debug level, a callback that keeps its loop for more than 5 ms is logged by name. */
enum { WATCH_LIMIT_US = 5000 };
void watch_enable(bool on);
int64_t watch_start(void);
void watch_end(int64_t started, const char *what);

#endif
