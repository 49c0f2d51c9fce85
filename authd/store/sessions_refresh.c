/* SPDX-License-Identifier: Apache-2.0
 *
 * Refreshes of one tenant, merged. A refresh costs the database a commit, and a commit costs a wait
 * for the disk; so the refreshes that arrive while one is being committed wait for it and then go
 * together, as one statement over lists. What they gain is the disk's time, what a lone refresh
 * pays is nothing.
 *
 * One of the callers leads: it takes the turns that wait, runs the statement and gives each its
 * row. A session is in a statement once; callers with the same token share its row, which is what
 * the later of two statements would have returned, and another token of that session waits for the
 * next statement.
 *
 * Whoever was just answered tends to be back at once. The next leader waits for them a moment, or
 * the first of them would have a commit of its own and the others wait for it.
 */
#include "base/arena.h"
#include "base/clock.h"
#include "store/db_internal.h"
#include "store/sessions.h"

enum {
    MERGED_MAX = 32,
    GATHER_MS = 1,
    PATIENCE_MS = 50 /* a statement that takes longer is not waited for */
};

/* One caller; on its stack. */
struct turn {
    struct list link; /* in db.refreshes while it waits */
    struct wait wait;
    struct arena *arena;
    const struct refresh_request *request;
    struct session_with_user *out;
    bool *found;
    bool leads;
    struct turn **taken; /* the leader's note of it, cleared by whoever leaves first */
};

struct merged {
    struct turn *turns[MERGED_MAX]; /* NULL: has left; the first one leads */
    size_t n;
};

static struct turn *turn_of(struct list *link)
{
    return container_of(link, struct turn, link);
}

/* Collecting */

static bool same_token(const struct refresh_request *a, const struct refresh_request *b)
{
    return a->presented == b->presented && id_eq(&a->client, &b->client);
}

/* The first of the batch that names the session, or NULL. */
static const struct turn *namesake(const struct merged *m, const struct id *session)
{
    for (size_t i = 0; i < m->n; i++) {
        if (id_eq(&m->turns[i]->request->session, session))
            return m->turns[i];
    }
    return NULL;
}

static void enqueue(struct db *db, struct turn *t)
{
    list_push_back(&db->refreshes, &t->link);
    db->refreshes_waiting++;
    if (db->gathering && db->refreshes_waiting + 1 >= db->refreshes_usual)
        wait_finish(db->gathering, ERR_OK);
}

static void dequeue(struct db *db, struct turn *t)
{
    if (list_empty(&t->link))
        return;
    list_remove(&t->link);
    db->refreshes_waiting--;
}

/* When others were just answered: until as many wait as the last time, or a moment has passed. */
static void gather(struct db *db)
{
    struct wait enough;
    wait_init(&enough);
    if (db->gathering || db->refreshes_waiting + 1 >= db->refreshes_usual ||
        clock_mono_ms() - db->refreshed_at_ms > GATHER_MS)
        return;
    db->gathering = &enough;
    enum err e = wait_for(&enough, clock_mono_ms() + GATHER_MS, ERR_OK);
    (void)e;
    db->gathering = NULL;
}

static void take(struct db *db, struct merged *m, struct turn *t)
{
    dequeue(db, t);
    m->turns[m->n] = t;
    t->taken = &m->turns[m->n];
    m->n++;
}

static void take_waiting(struct db *db, struct merged *m)
{
    list_for_each_safe (at, &db->refreshes) {
        struct turn *t = turn_of(at);
        const struct turn *same = namesake(m, &t->request->session);
        if (m->n < MERGED_MAX && (!same || same_token(same->request, t->request)))
            take(db, m, t);
    }
}

/* Running */

/* Times before 1970 do not exist here: the oldest is 0. */
static int64_t cutoff(int64_t after)
{
    return after > 0 ? after : 0;
}

enum { LISTS = 6 };

static void add_request(struct buf lists[LISTS], const struct refresh_request *r)
{
    for (int i = 0; lists[0].len > 0 && i < LISTS; i++)
        buf_char(&lists[i], ',');
    buf_str(&lists[0], id_str(&r->session));
    buf_int(&lists[1], r->presented);
    buf_int(&lists[2], cutoff(r->cutoffs.created_after));
    buf_int(&lists[3], cutoff(r->cutoffs.rotated_after));
    buf_int(&lists[4], r->now);
    buf_str(&lists[5], id_str(&r->client));
}

static MUST_CHECK enum err run(struct db *db, struct arena *a, const struct merged *m,
                               const struct db_rows **rows)
{
    struct buf lists[LISTS];
    struct db_query q = {.sql = SQL_SESSION_REFRESH};
    for (int i = 0; i < LISTS; i++)
        buf_init(&lists[i], a, (ID_LEN + 1) * m->n);
    for (size_t i = 0; i < m->n; i++) {
        const struct refresh_request *r = m->turns[i]->request;
        if (namesake(m, &r->session) == m->turns[i])
            add_request(lists, r);
    }
    for (int i = 0; i < LISTS; i++)
        q.params[i] = db_text(buf_view(&lists[i]));
    return db_run(db, a, &q, 1, rows);
}

/* Giving */

/* The rows go with the leader's arena. */
static void keep_texts(struct arena *a, struct session_with_user *s)
{
    struct str *texts[] = {&s->session.amr, &s->user.email, &s->user.name,
                           &s->user.public_metadata};
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        if (texts[i]->ptr)
            *texts[i] = str_copy(a, *texts[i]);
    }
}

static void give(struct turn *t, const struct db_rows *rows, bool leads)
{
    *t->found = false;
    for (size_t i = 0; i < db_count(rows) && !*t->found; i++) {
        struct id session = db_get_id(rows, i, 0);
        if (!id_eq(&session, &t->request->session))
            continue;
        *t->out = session_with_user_read(rows, i);
        if (!leads)
            keep_texts(t->arena, t->out);
        *t->found = true;
    }
}

/* Whoever waits longest leads next; before the others hear anything, so that the disk has work. */
static void pass_on(struct db *db)
{
    if (list_empty(&db->refreshes))
        return;
    struct turn *next = turn_of(db->refreshes.next);
    dequeue(db, next);
    next->leads = true;
    wait_finish(&next->wait, ERR_OK);
}

static void dismiss(struct merged *m, enum err e)
{
    for (size_t i = 1; i < m->n; i++) {
        struct turn *t = m->turns[i];
        if (!t)
            continue;
        t->taken = NULL;
        wait_finish(&t->wait, e);
    }
}

static enum err lead(struct db *db, struct turn *self)
{
    struct merged m = {.n = 0};
    const struct db_rows *rows;
    db->refreshing++;
    db->refreshing_since_ms = clock_mono_ms();
    gather(db);
    take(db, &m, self);
    take_waiting(db, &m);
    enum err e = run(db, self->arena, &m, &rows);
    db->refreshing--;
    db->refreshed_at_ms = clock_mono_ms();
    db->refreshes_usual = (unsigned)m.n + db->refreshes_waiting;
    for (size_t i = 0; e == ERR_OK && i < m.n; i++) {
        if (m.turns[i])
            give(m.turns[i], rows, i == 0);
    }
    pass_on(db);
    dismiss(&m, e);
    return e;
}

static bool must_wait(const struct db *db)
{
    return db->refreshing > 0 && clock_mono_ms() - db->refreshing_since_ms <= PATIENCE_MS;
}

enum err sessions_refresh(struct db *db, struct arena *a, const struct refresh_request *r,
                          struct session_with_user *out, bool *found)
{
    struct turn self = {.arena = a, .request = r, .out = out, .found = found};
    list_init(&self.link);
    wait_init(&self.wait);
    if (!must_wait(db))
        return lead(db, &self);
    enqueue(db, &self);
    enum err e = wait_for(&self.wait, 0, db_error(db, DB_FAULT_TRANSIENT));
    if (self.leads)
        return lead(db, &self);
    dequeue(db, &self);
    if (self.taken)
        *self.taken = NULL;
    return e;
}
