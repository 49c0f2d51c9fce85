/* SPDX-License-Identifier: Apache-2.0
 *
 * Sessions in a tenant's database. Every change writes its audit row with it.
 */
#ifndef AUTHD_STORE_SESSIONS_H
#define AUTHD_STORE_SESSIONS_H

#include "store/users.h"

struct session_with_user {
    struct session session; /* without user_agent, address and end_reason */
    struct user user;
};

/* A row of the statements that return both. */
struct session_with_user session_with_user_read(const struct db_rows *rows, size_t row);

struct session_opening {
    struct tenant_event event; /* its user, session, client, time, address are the session's */
    struct tenant_event trimmed_event; /* written when older sessions ended for it */
    struct identifier identifier;      /* whose failures are forgotten */
    int64_t verified_changed_at;       /* guess_facts.password_changed_at */
    struct str amr;
    struct str better_hash; /* NULL ptr = keep */
    int64_t others_kept;    /* session_others_kept */
};
/* *opened is false when the user or the password is no longer what was verified: nothing was
 * written. */
MUST_CHECK enum err sessions_open(struct db *db, struct arena *a, const struct session_opening *o,
                                  bool *opened);

/* *found is false when the user has no such session. */
MUST_CHECK enum err sessions_read(struct db *db, struct arena *a, const struct id *session,
                                  const struct id *user, struct session_with_user *out,
                                  bool *found);

/* The one statement of a refresh; *out is the row afterwards, to be judged by decide_refresh. Those
 * of one tenant that come while another is committed share a statement. */
struct refresh_request {
    struct id session;
    int64_t presented; /* generation */
    struct id client;
    struct refresh_cutoffs cutoffs;
    int64_t now;
};
MUST_CHECK enum err sessions_refresh(struct db *db, struct arena *a,
                                     const struct refresh_request *r, struct session_with_user *out,
                                     bool *found);

/* The living sessions of a user, newest first. before_created_at 0 = from the start. At most limit
 * of them; *more says that there are others behind. */
struct session_page {
    struct id user;
    struct refresh_cutoffs cutoffs;
    int64_t before_created_at;
    struct id before_id;
    int64_t limit;
};
struct session_list {
    struct session *items; /* in the arena */
    size_t n;
    bool more;
};
MUST_CHECK enum err sessions_list(struct db *db, struct arena *a, const struct session_page *page,
                                  struct session_list *out);

/* Ends the event's session of the event's user; the reason is in the detail. *ended is false when
 * it was not alive. */
MUST_CHECK enum err sessions_end_one(struct db *db, struct arena *a, const struct tenant_event *e,
                                     bool *ended);
/* Ends every session of the event's user, but `keep` unless that is NULL. */
MUST_CHECK enum err sessions_end_all(struct db *db, struct arena *a, const struct tenant_event *e,
                                     const struct id *keep);

#endif
