/* SPDX-License-Identifier: Apache-2.0
 *
 * Threads that do what would stall a loop. The queue is bounded and fair: jobs wait per key (a
 * tenant), keys take turns, and in a full queue the key that holds most gives way to one that holds
 * less. Full answers ERR_overloaded at once, before any work. Only the owner of a job touches it.
 */
#ifndef AUTHD_BASE_WORKER_H
#define AUTHD_BASE_WORKER_H

#include "base/err.h"
#include "base/loop.h"

struct workers;

struct worker_stats {
    uint64_t done;
    uint64_t refused;
    unsigned queued;
    unsigned running;
};

/* nice is added to the threads' niceness (0 = same). idle, if any, is called on a worker thread
 * whenever it finds no further job, before it sleeps or ends. */
struct workers *workers_create(const char *name, unsigned threads, unsigned queue_max, int nice,
                               void (*idle)(void));
/* Finishes what runs, drops what waits (their waiters get ERR_overloaded). */
void workers_destroy(struct workers *w);
struct worker_stats workers_stats(struct workers *w);

/* From a coroutine: runs fn(arg) on a worker and suspends until it is done. fn must not touch the
 * loop, the arena or anything but arg. When the deadline passes while the job waits it is withdrawn
 * and ERR_overloaded returned; once it runs, the caller waits for its end, so arg may live on the
 * caller's stack. */
MUST_CHECK enum err worker_run(struct workers *w, uint64_t key, void (*fn)(void *), void *arg);
/* Whether a job of this key would be taken now: asked before other work is done for a job that may
 * be refused after all. A no counts as refused. */
bool worker_admits(struct workers *w, uint64_t key);
/* From any thread: runs job->fn(job) on a worker; the job's owner frees it there or posts it back
 * to a loop. */
struct worker_job {
    struct list link;
    void (*fn)(struct worker_job *);
};
MUST_CHECK enum err worker_submit(struct workers *w, uint64_t key, struct worker_job *job);

#endif
