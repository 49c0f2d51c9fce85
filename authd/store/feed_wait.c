/* SPDX-License-Identifier: Apache-2.0
 *
 * Coroutines that wait until this node has seen their own write. An entry is in the list until its
 * revision is reached; then it travels to its loop as a message. A waiter that leaves early takes
 * its entry out of the list, or, when that is already on its way, leaves it to the message.
 */
#include "store/feed_wait.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/loop.h"
#include "store/feed.h"
#include "store/registry.h"

enum { WAIT_MAX_MS = 2000 };

struct entry {
    struct list link;
    struct message message;
    struct loop *loop;
    struct wait *wait; /* on its loop only; NULL: the waiter has left */
    int64_t revision;
    enum err result;
    bool sent;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct list entries = LIST_INIT(entries);
static bool is_open;

static void on_message(struct message *m)
{
    struct entry *e = container_of(m, struct entry, message);
    if (e->wait)
        wait_finish(e->wait, e->result);
    free(e);
}

/* Under the lock. */
static void send(struct entry *e, enum err result)
{
    list_remove(&e->link);
    e->result = result;
    e->sent = true;
    e->loop->ops->post(e->loop, &e->message);
}

void feed_wait_reached(int64_t revision)
{
    pthread_mutex_lock(&lock);
    list_for_each_safe (at, &entries) {
        struct entry *e = container_of(at, struct entry, link);
        if (e->revision <= revision)
            send(e, ERR_OK);
    }
    pthread_mutex_unlock(&lock);
}

static void set_open(bool open)
{
    pthread_mutex_lock(&lock);
    is_open = open;
    list_for_each_safe (at, &entries)
        send(container_of(at, struct entry, link), ERR_control_plane_unavailable);
    pthread_mutex_unlock(&lock);
}

void feed_wait_close(void)
{
    set_open(false);
}

void feed_wait_open(void)
{
    set_open(true);
}

/* False when there is no feed to wait for. */
static bool enlist(struct entry *e)
{
    pthread_mutex_lock(&lock);
    bool enlisted = is_open;
    if (enlisted)
        list_push_back(&entries, &e->link);
    pthread_mutex_unlock(&lock);
    return enlisted;
}

static void leave(struct entry *e)
{
    pthread_mutex_lock(&lock);
    bool sent = e->sent;
    if (!sent)
        list_remove(&e->link);
    pthread_mutex_unlock(&lock);
    if (sent)
        e->wait = NULL; /* the message frees it */
    else
        free(e);
}

enum err registry_wait(int64_t revision)
{
    if (feed_revision() >= revision)
        return ERR_OK;
    struct entry *e = xcalloc(1, sizeof(*e));
    struct wait wait;
    wait_init(&wait);
    *e = (struct entry){
        .message.fn = on_message, .loop = loop_current, .wait = &wait, .revision = revision};
    list_init(&e->link);
    if (!enlist(e)) {
        free(e);
        return ERR_control_plane_unavailable;
    }
    feed_wake();
    enum err result = wait_for(&wait, clock_mono_ms() + WAIT_MAX_MS, ERR_control_plane_unavailable);
    if (!wait.done)
        leave(e);
    return result;
}
