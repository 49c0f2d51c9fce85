/* SPDX-License-Identifier: Apache-2.0
 *
 * Descriptors in a list that every turn becomes an array for poll; messages behind a mutex and an
 * eventfd. A closed io stays in the list until the turn is over, because its neighbours are being
 * walked.
 */
#include "support/poll_loop.h"

#include <assert.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/coro.h"

enum { IDLE_MS = 100 };

struct poll_loop {
    struct loop loop;
    struct list ios;
    pthread_mutex_t lock;
    struct list messages;
    int wakeup;
};

struct io {
    struct list link;
    int fd;
    io_fn fn;
    void *arg;
    bool wants_write;
    bool closed;
};

static struct poll_loop *self(struct loop *l)
{
    return container_of(l, struct poll_loop, loop);
}

static struct io *open_io(struct loop *l, int fd, io_fn fn, void *arg)
{
    struct io *io = xcalloc(1, sizeof(*io));
    io->fd = dup(fd);
    assert(io->fd >= 0);
    io->fn = fn;
    io->arg = arg;
    list_push_back(&self(l)->ios, &io->link);
    return io;
}

static void want_write(struct io *io)
{
    io->wants_write = true;
}

static void close_io(struct io *io)
{
    close(io->fd);
    io->closed = true;
}

static void post(struct loop *l, struct message *m)
{
    struct poll_loop *p = self(l);
    pthread_mutex_lock(&p->lock);
    list_push_back(&p->messages, &m->link);
    eventfd_write(p->wakeup, 1);
    pthread_mutex_unlock(&p->lock);
}

static const struct loop_ops ops = {
    .io_open = open_io,
    .io_want_write = want_write,
    .io_close = close_io,
    .post = post,
};

struct loop *poll_loop_create(unsigned index)
{
    struct poll_loop *p = xcalloc(1, sizeof(*p));
    p->loop.ops = &ops;
    p->loop.index = index;
    list_init(&p->ios);
    list_init(&p->messages);
    pthread_mutex_init(&p->lock, NULL);
    p->wakeup = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    assert(p->wakeup >= 0);
    loop_current = &p->loop;
    return &p->loop;
}

static struct list *take_message(struct poll_loop *p)
{
    pthread_mutex_lock(&p->lock);
    struct list *link = list_pop_front(&p->messages);
    pthread_mutex_unlock(&p->lock);
    return link;
}

static void run_messages(struct poll_loop *p)
{
    eventfd_t count;
    struct list *link;
    eventfd_read(p->wakeup, &count);
    while ((link = take_message(p))) {
        struct message *m = container_of(link, struct message, link);
        m->fn(m);
    }
}

static void free_closed(struct poll_loop *p)
{
    list_for_each_safe (at, &p->ios) {
        struct io *io = container_of(at, struct io, link);
        if (io->closed) {
            list_remove(&io->link);
            free(io);
        }
    }
}

static size_t count_ios(struct poll_loop *p)
{
    size_t n = 0;
    list_for_each (at, &p->ios)
        n++;
    return n;
}

/* Slot 0 is the wake-up, then one slot per io in list order. */
static void fill(struct poll_loop *p, struct pollfd *fds)
{
    size_t i = 0;
    fds[i++] = (struct pollfd){.fd = p->wakeup, .events = POLLIN};
    list_for_each (at, &p->ios) {
        struct io *io = container_of(at, struct io, link);
        fds[i].fd = io->fd;
        fds[i++].events = (short)(POLLIN | (io->wants_write ? POLLOUT : 0));
    }
}

static void call_io(struct io *io, short revents)
{
    if (!io->closed && (revents & (POLLIN | POLLHUP | POLLERR)))
        io->fn(io->arg, IO_READ);
    if (!io->closed && io->wants_write && (revents & POLLOUT)) {
        io->wants_write = false;
        io->fn(io->arg, IO_WRITE);
    }
}

/* Ios opened meanwhile stand behind the n that were polled. */
static void dispatch(struct poll_loop *p, const struct pollfd *fds, size_t n)
{
    struct list *at = p->ios.next;
    for (size_t i = 0; i < n; i++) {
        call_io(container_of(at, struct io, link), fds[i + 1].revents);
        at = at->next;
    }
}

static void turn(struct poll_loop *p)
{
    int64_t wait_ms = timers_run(&p->loop, clock_mono_ms(), IDLE_MS);
    free_closed(p);
    size_t n = count_ios(p);
    struct pollfd *fds = xcalloc(n + 1, sizeof(*fds));
    fill(p, fds);
    if (poll(fds, n + 1, (int)wait_ms) > 0) {
        dispatch(p, fds, n);
        run_messages(p);
    }
    free(fds);
}

static bool is_quiet(void *arg)
{
    (void)arg;
    return coro_alive() == 0;
}

void poll_loop_run(struct loop *l, bool (*until)(void *), void *arg)
{
    assert(loop_current == l);
    if (!until)
        until = is_quiet;
    while (!until(arg))
        turn(self(l));
}

void poll_loop_destroy(struct loop *l)
{
    struct poll_loop *p = self(l);
    run_messages(p);
    free_closed(p);
    assert(list_empty(&p->ios));
    timers_free(l);
    close(p->wakeup);
    pthread_mutex_destroy(&p->lock);
    loop_current = NULL;
    coro_thread_cleanup();
    free(p);
}
