/* SPDX-License-Identifier: Apache-2.0
 *
 * Worker threads behind one bounded queue. Jobs wait per key and keys take turns, so a tenant that
 * floods waits for itself. While the queue has room a single key may fill it; whoever then finds it
 * full takes the place of the newest job of the key that holds most ("longest queue drop").
 *
 * Jobs of worker_run can be dropped, because their waiter is told; jobs of worker_submit belong to
 * somebody else and always run.
 */
#include "base/worker.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/map.h"

/* The waiting jobs of one key; exists while there are any. */
struct lane {
    struct list link; /* in workers.turns */
    struct list jobs;
    uint64_t key;
    unsigned queued;
};

struct workers {
    pthread_mutex_t lock;
    pthread_cond_t job_ready;
    struct map lanes;
    struct list turns; /* lanes, the next one first */
    struct worker_stats stats;
    unsigned queue_max;
    bool stopping;
    int nice;
    void (*idle)(void);
    char name[16];
    unsigned threads;
    pthread_t thread[];
};

/* A job whose coroutine waits; on the stack of that coroutine. */
struct run {
    struct worker_job job;
    struct message finished;
    struct wait wait;
    struct loop *loop;
    uint64_t key;
    enum err result;
    void (*fn)(void *);
    void *arg;
};

static struct worker_job *job_of(struct list *link)
{
    return container_of(link, struct worker_job, link);
}

static struct lane *lane_of(struct list *link)
{
    return container_of(link, struct lane, link);
}

/* Lanes: all of these under the lock. */

static struct lane *lane_find(struct workers *w, uint64_t key)
{
    size_t pos = 0;
    struct lane *lane;
    while ((lane = map_next(&w->lanes, key, &pos)) && lane->key != key)
        continue;
    return lane;
}

static struct lane *lane_create(struct workers *w, uint64_t key)
{
    struct lane *lane = xcalloc(1, sizeof(*lane));
    lane->key = key;
    list_init(&lane->jobs);
    list_push_back(&w->turns, &lane->link);
    map_put(&w->lanes, key, lane);
    return lane;
}

static void lane_remove_job(struct workers *w, struct lane *lane, struct worker_job *job)
{
    list_remove(&job->link);
    w->stats.queued--;
    if (--lane->queued > 0)
        return;
    map_remove(&w->lanes, lane->key, lane);
    list_remove(&lane->link);
    free(lane);
}

static void lane_add_job(struct workers *w, uint64_t key, struct worker_job *job)
{
    struct lane *lane = lane_find(w, key);
    if (!lane)
        lane = lane_create(w, key);
    list_push_back(&lane->jobs, &job->link);
    lane->queued++;
    w->stats.queued++;
    pthread_cond_signal(&w->job_ready);
}

/* Takes the oldest job of the lane whose turn it is; the lane goes to the end of the line. */
static struct worker_job *take_next(struct workers *w)
{
    struct lane *lane = lane_of(w->turns.next);
    struct worker_job *job = job_of(lane->jobs.next);
    list_remove(&lane->link);
    list_push_back(&w->turns, &lane->link);
    lane_remove_job(w, lane, job);
    return job;
}

/* Jobs that a coroutine waits for */

static void on_finished(struct message *m)
{
    struct run *run = container_of(m, struct run, finished);
    wait_finish(&run->wait, run->result);
}

/* The waiter may be gone as soon as the message is posted. */
static void run_finish(struct run *run, enum err result)
{
    run->result = result;
    run->loop->ops->post(run->loop, &run->finished);
}

static void run_execute(struct worker_job *job)
{
    struct run *run = container_of(job, struct run, job);
    run->fn(run->arg);
    run_finish(run, ERR_OK);
}

/* Drops the newest job of the lane that may be dropped; false when there is none. */
static bool lane_drop_newest(struct workers *w, struct lane *lane)
{
    for (struct list *at = lane->jobs.prev; at != &lane->jobs; at = at->prev) {
        struct worker_job *job = job_of(at);
        if (job->fn != run_execute)
            continue;
        lane_remove_job(w, lane, job);
        w->stats.refused++;
        run_finish(container_of(job, struct run, job), ERR_overloaded);
        return true;
    }
    return false;
}

/* Admission */

static struct lane *longest(struct workers *w)
{
    struct lane *best = NULL;
    list_for_each (at, &w->turns) {
        struct lane *lane = lane_of(at);
        if (!best || lane->queued > best->queued)
            best = lane;
    }
    return best;
}

/* In a full queue, the lane that has to give a place to key: one longer than key's own would be. */
static struct lane *giver(struct workers *w, uint64_t key)
{
    struct lane *own = lane_find(w, key);
    struct lane *lane = longest(w);
    return lane && lane->queued > (own ? own->queued : 0) + 1 ? lane : NULL;
}

static bool has_room(const struct workers *w)
{
    return w->stats.queued < w->queue_max;
}

static bool is_admitted(struct workers *w, uint64_t key)
{
    if (w->stopping || has_room(w))
        return !w->stopping;
    struct lane *lane = giver(w, key);
    return lane && lane_drop_newest(w, lane);
}

bool worker_admits(struct workers *w, uint64_t key)
{
    pthread_mutex_lock(&w->lock);
    bool admits = has_room(w) || giver(w, key);
    w->stats.refused += !admits;
    pthread_mutex_unlock(&w->lock);
    return admits;
}

enum err worker_submit(struct workers *w, uint64_t key, struct worker_job *job)
{
    pthread_mutex_lock(&w->lock);
    bool admitted = is_admitted(w, key);
    if (admitted)
        lane_add_job(w, key, job);
    else
        w->stats.refused++;
    pthread_mutex_unlock(&w->lock);
    return admitted ? ERR_OK : ERR_overloaded;
}

static bool withdraw(struct workers *w, struct run *run)
{
    pthread_mutex_lock(&w->lock);
    bool waits = !list_empty(&run->job.link);
    if (waits)
        lane_remove_job(w, lane_find(w, run->key), &run->job);
    pthread_mutex_unlock(&w->lock);
    return waits;
}

enum err worker_run(struct workers *w, uint64_t key, void (*fn)(void *), void *arg)
{
    struct run run = {.job.fn = run_execute, .key = key, .fn = fn, .arg = arg};
    run.loop = loop_current;
    run.finished.fn = on_finished;
    wait_init(&run.wait);
    enum err e = worker_submit(w, key, &run.job);
    if (e)
        return e;
    e = wait_for(&run.wait, 0, ERR_overloaded);
    if (run.wait.done)
        return e;
    return withdraw(w, &run) ? ERR_overloaded : wait_end(&run.wait);
}

/* Threads */

static void lower_priority(int by)
{
    id_t self = (id_t)gettid();
    setpriority(PRIO_PROCESS, self, getpriority(PRIO_PROCESS, self) + by);
}

/* Without the lock; a job may have come meanwhile. */
static void be_idle(struct workers *w)
{
    pthread_mutex_unlock(&w->lock);
    w->idle();
    pthread_mutex_lock(&w->lock);
}

/* The next job, or NULL when the workers stop and nothing waits. */
static struct worker_job *await_job(struct workers *w)
{
    if (w->stats.queued == 0 && w->idle)
        be_idle(w);
    while (w->stats.queued == 0 && !w->stopping)
        pthread_cond_wait(&w->job_ready, &w->lock);
    return w->stats.queued ? take_next(w) : NULL;
}

static void *worker_main(void *arg)
{
    struct workers *w = arg;
    pthread_setname_np(pthread_self(), w->name);
    if (w->nice)
        lower_priority(w->nice);
    pthread_mutex_lock(&w->lock);
    for (struct worker_job *job = await_job(w); job; job = await_job(w)) {
        w->stats.running++;
        pthread_mutex_unlock(&w->lock);
        job->fn(job);
        pthread_mutex_lock(&w->lock);
        w->stats.running--;
        w->stats.done++;
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

/* Signals are for the main thread, and a thread is born with its creator's mask. */
static void start_threads(struct workers *w)
{
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    for (unsigned i = 0; i < w->threads; i++) {
        if (pthread_create(&w->thread[i], NULL, worker_main, w) != 0)
            abort();
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

struct workers *workers_create(const char *name, unsigned threads, unsigned queue_max, int nice,
                               void (*idle)(void))
{
    struct workers *w = xcalloc(1, sizeof(*w) + threads * sizeof(w->thread[0]));
    struct str short_name = str_slice(str_of(name), 0, sizeof(w->name) - 1);
    memcpy(w->name, short_name.ptr, short_name.len);
    w->threads = threads;
    w->queue_max = queue_max;
    w->nice = nice;
    w->idle = idle;
    list_init(&w->turns);
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->job_ready, NULL);
    start_threads(w);
    return w;
}

static bool drop_one(struct workers *w)
{
    list_for_each (at, &w->turns) {
        if (lane_drop_newest(w, lane_of(at)))
            return true;
    }
    return false;
}

static void drop_waiting(struct workers *w)
{
    while (drop_one(w))
        continue;
}

void workers_destroy(struct workers *w)
{
    if (!w)
        return;
    pthread_mutex_lock(&w->lock);
    w->stopping = true;
    drop_waiting(w);
    pthread_cond_broadcast(&w->job_ready);
    pthread_mutex_unlock(&w->lock);
    for (unsigned i = 0; i < w->threads; i++)
        pthread_join(w->thread[i], NULL);
    pthread_cond_destroy(&w->job_ready);
    pthread_mutex_destroy(&w->lock);
    map_free(&w->lanes);
    free(w);
}

struct worker_stats workers_stats(struct workers *w)
{
    pthread_mutex_lock(&w->lock);
    struct worker_stats stats = w->stats;
    pthread_mutex_unlock(&w->lock);
    return stats;
}
