/* SPDX-License-Identifier: Apache-2.0
 *
 * Refreshes of one tenant, merged. The statement is a fraction of what its commit costs, in CPU as
 * well as in waiting for the disk; so refreshes that come together go together, as one statement
 * over lists.
 *
 * Whoever was just answered tends to be back at once. So a refresh waits until as many wait as
 * usual, which is as many as went the last time or came meanwhile, and the last to come takes all
 * of them along. Nobody waits for longer than a moment: then it goes with those that are there. A
 * lone refresh waits for nobody.
 *
 * A session is in a statement once; callers with the same token share its row, which is what the
 * later of two statements would have returned, and another token of that session stays behind.
 */
#include "base/arena.h"
#include "base/clock.h"
#include "store/db_internal.h"
#include "store/sessions.h"

enum { MERGED_MAX = 32, MOMENT_MS = 1 };

/* One caller; on its stack. */
struct turn {
    struct list link; /* in db.refreshes until somebody takes it along */
    struct wait wait;
    struct arena *arena;
    const struct refresh_request *request;
    struct session_with_user *out;
    bool *found;
};

struct merged {
    struct turn *turns[MERGED_MAX]; /* the first one runs the statement */
    size_t n;
};

static struct turn *turn_of(struct list *link)
{
    return container_of(link, struct turn, link);
}

static bool same_token(const struct refresh_request *a, const struct refresh_request *b)
{
    return a->presented == b->presented && id_eq(&a->client, &b->client);
}

/* The first that names the session, or NULL. */
static const struct turn *namesake(const struct merged *m, const struct id *session)
{
    for (size_t i = 0; i < m->n; i++) {
        if (id_eq(&m->turns[i]->request->session, session))
            return m->turns[i];
    }
    return NULL;
}

static void take(struct db *db, struct merged *m, struct turn *t)
{
    list_remove(&t->link);
    db->refreshes_waiting--;
    m->turns[m->n++] = t;
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

/* The rows go with the first one's arena. */
static void keep_texts(struct arena *a, struct session_with_user *s)
{
    struct str *texts[] = {&s->session.amr, &s->user.email, &s->user.name,
                           &s->user.public_metadata};
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        if (texts[i]->ptr)
            *texts[i] = str_copy(a, *texts[i]);
    }
}

static void give(struct turn *t, const struct db_rows *rows)
{
    *t->found = false;
    for (size_t i = 0; i < db_count(rows) && !*t->found; i++) {
        struct id session = db_get_id(rows, i, 0);
        if (!id_eq(&session, &t->request->session))
            continue;
        *t->out = session_with_user_read(rows, i);
        keep_texts(t->arena, t->out);
        *t->found = true;
    }
}

static enum err go(struct db *db, struct turn *first)
{
    struct merged m = {.n = 0};
    const struct db_rows *rows;
    take(db, &m, first);
    take_waiting(db, &m);
    db->refreshing++;
    enum err e = run(db, first->arena, &m, &rows);
    db->refreshing--;
    db->refreshed_at_ms = clock_mono_ms();
    db->refreshes_usual = (unsigned)m.n + db->refreshes_waiting;
    if (db->refreshes_usual > MERGED_MAX)
        db->refreshes_usual = MERGED_MAX;
    for (size_t i = 0; e == ERR_OK && i < m.n; i++)
        give(m.turns[i], rows);
    for (size_t i = 1; i < m.n; i++)
        wait_finish(&m.turns[i]->wait, e);
    return e;
}

static bool is_worth_waiting(const struct db *db)
{
    return db->refreshing > 0 || (db->refreshes_waiting < db->refreshes_usual &&
                                  clock_mono_ms() - db->refreshed_at_ms <= MOMENT_MS);
}

enum err sessions_refresh(struct db *db, struct arena *a, const struct refresh_request *r,
                          struct session_with_user *out, bool *found)
{
    struct turn self = {.arena = a, .request = r, .out = out, .found = found};
    list_init(&self.link);
    wait_init(&self.wait);
    list_push_back(&db->refreshes, &self.link);
    db->refreshes_waiting++;
    if (!is_worth_waiting(db))
        return go(db, &self);
    enum err e = wait_for(&self.wait, clock_mono_ms() + MOMENT_MS, ERR_OK);
    if (!list_empty(&self.link))
        return go(db, &self);
    return self.wait.done ? e : wait_end(&self.wait);
}
