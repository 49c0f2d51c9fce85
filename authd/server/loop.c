/* SPDX-License-Identifier: Apache-2.0
 *
 * The event loop: h2o's epoll loop turns, our own heap of monotonic timers decides how long it may
 * sleep (h2o's timers follow the wall clock, which jumps), and messages from other threads arrive
 * through h2o's queue, whose pipe is written only when it was empty.
 *
 * h2o owns and closes the descriptors it watches, and so do libpq and libcurl: therefore h2o gets a
 * duplicate.
 */
#include "server/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"

enum { TURN_MAX_MS = 1000 };

struct io {
    h2o_socket_t *sock;
    io_fn fn;
    void *arg;
    bool wants_write;
};

/* struct message travels through h2o's queue as it is. */
_Static_assert(sizeof(struct list) == sizeof(h2o_linklist_t) &&
                   offsetof(struct list, next) == offsetof(h2o_linklist_t, next) &&
                   offsetof(struct message, link) == 0,
               "struct message is laid out as h2o_multithread_message_t");

static atomic_bool watching;

void watch_enable(bool on)
{
    atomic_store_explicit(&watching, on, memory_order_relaxed);
}

int64_t watch_start(void)
{
    return atomic_load_explicit(&watching, memory_order_relaxed) ? clock_mono_us() : 0;
}

void watch_end(int64_t started, const char *what)
{
    int64_t us = started ? clock_mono_us() - started : 0;
    if (us > WATCH_LIMIT_US)
        log_debug("loop_held", LOG_Z("by", what), LOG_INT("us", us));
}

static void call_io(h2o_socket_t *sock, int ready)
{
    struct io *io = sock->data;
    if (!io) /* closed by an earlier callback of this turn */
        return;
    int64_t started = watch_start();
    io->fn(io->arg, ready);
    watch_end(started, "io");
}

static void on_readable(h2o_socket_t *sock, const char *err)
{
    (void)err;
    call_io(sock, IO_READ);
}

static void on_writable(h2o_socket_t *sock, const char *err)
{
    struct io *io = sock->data;
    (void)err;
    if (io)
        io->wants_write = false;
    call_io(sock, IO_WRITE);
}

static struct io *io_open(struct loop *base, int fd, io_fn fn, void *arg)
{
    struct h2o_loop *l = container_of(base, struct h2o_loop, base);
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (copy < 0)
        return NULL;
    struct io *io = xcalloc(1, sizeof(*io));
    io->fn = fn;
    io->arg = arg;
    io->sock = h2o_evloop_socket_create(l->ev, copy, H2O_SOCKET_FLAG_DONT_READ);
    io->sock->data = io;
    h2o_socket_read_start(io->sock, on_readable);
    return io;
}

static void io_want_write(struct io *io)
{
    if (io->wants_write) /* h2o asserts that only one is pending */
        return;
    io->wants_write = true;
    h2o_socket_notify_write(io->sock, on_writable);
}

static void io_close(struct io *io)
{
    io->sock->data = NULL;
    h2o_socket_read_stop(io->sock);
    h2o_socket_close(io->sock);
    free(io);
}

static void post(struct loop *base, struct message *m)
{
    struct h2o_loop *l = container_of(base, struct h2o_loop, base);
    m->link = (struct list){NULL, NULL};
    h2o_multithread_send_message(&l->inbox, (h2o_multithread_message_t *)(void *)m);
}

static void on_messages(h2o_multithread_receiver_t *receiver, h2o_linklist_t *messages)
{
    (void)receiver;
    while (!h2o_linklist_is_empty(messages)) {
        h2o_linklist_t *first = messages->next;
        h2o_linklist_unlink(first);
        struct message *m = (struct message *)(void *)first;
        int64_t started = watch_start();
        m->fn(m);
        watch_end(started, "message");
    }
}

static const struct loop_ops ops = {
    .io_open = io_open,
    .io_want_write = io_want_write,
    .io_close = io_close,
    .post = post,
};

static void on_log_timer(struct timer *t)
{
    (void)t;
    log_flush();
}

void h2o_loop_log_line(struct h2o_loop *l, struct str line)
{
    log_line(line);
    if (l->log_timer.index == 0)
        timer_set(&l->base, &l->log_timer, clock_mono_ms() + LOG_FLUSH_MS);
}

void h2o_loop_init(struct h2o_loop *l, unsigned index)
{
    *l = (struct h2o_loop){.base = {.ops = &ops, .index = index}};
    l->log_timer.fn = on_log_timer;
    l->ev = h2o_evloop_create();
    l->queue = h2o_multithread_create_queue(l->ev);
    h2o_multithread_register_receiver(l->queue, &l->inbox, on_messages);
    loop_current = &l->base;
}

static int64_t run_timers(struct h2o_loop *l, int64_t max_ms)
{
    int64_t started = watch_start();
    int64_t now = clock_mono_ms();
    atomic_store_explicit(&l->alive_ms, now, memory_order_relaxed);
    int64_t wait = timers_run(&l->base, now, max_ms);
    watch_end(started, "timers");
    return wait;
}

/* Timers come last, so that whoever waits for what one of them did does not sleep first; the wait
 * is worked out anew at each turn, because timers are also set between turns. */
static void turn(struct h2o_loop *l, int64_t max_ms)
{
    int64_t wait = run_timers(l, max_ms);
    if (h2o_evloop_run(l->ev, (int32_t)wait) != 0 && errno != EINTR)
        abort();
    (void)run_timers(l, 0);
}

void h2o_loop_run(struct h2o_loop *l)
{
    while (!l->stopping)
        turn(l, TURN_MAX_MS);
}

bool h2o_loop_run_until(struct h2o_loop *l, bool (*until)(void *), void *arg, int64_t timeout_ms)
{
    int64_t deadline = clock_mono_ms() + timeout_ms;
    int64_t left = timeout_ms;
    while (!until(arg) && left > 0) {
        turn(l, left < TURN_MAX_MS ? left : TURN_MAX_MS);
        left = deadline - clock_mono_ms();
    }
    return until(arg);
}

static void on_stop(struct message *m)
{
    container_of(m, struct h2o_loop, stop)->stopping = true;
}

void h2o_loop_stop(struct h2o_loop *l)
{
    l->stop.fn = on_stop;
    post(&l->base, &l->stop);
}

void h2o_loop_dispose(struct h2o_loop *l)
{
    timer_cancel(&l->base, &l->log_timer);
    timers_free(&l->base);
    h2o_multithread_unregister_receiver(l->queue, &l->inbox);
    h2o_multithread_destroy_queue(l->queue);
    h2o_evloop_destroy(l->ev);
    loop_current = NULL;
}
