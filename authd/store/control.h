/* SPDX-License-Identifier: Apache-2.0
 *
 * Writes to the control plane. Each is one transaction that takes the next revision, writes the
 * change feed and the audit log, and tells every node; they happen one after the other. Reads and
 * writes of one kind of row live in control_<kind>.h.
 */
#ifndef AUTHD_STORE_CONTROL_H
#define AUTHD_STORE_CONTROL_H

#include "base/arena.h"
#include "store/db.h"

/* Who writes, when, on whose request. */
struct control_write {
    struct id audit_id; /* evt_… */
    int64_t now;
    struct str operator_id; /* NULL ptr: the system itself */
    struct str address;
    struct str request_id;
};

enum { CONTROL_PARAMS = 5, CONTROL_QUERIES_MAX = 2 };

/* A query whose first five parameters are those of every write; the statement's own follow. The
 * write outlives the query. */
struct db_query control_query(enum sql sql, const struct control_write *w);

/* Lock, the queries (at most CONTROL_QUERIES_MAX), publish: one round trip. rows are those of the
 * last query. *revision is that of the change, 0 when nothing was changed. */
MUST_CHECK enum err control_run(struct arena *a, const struct control_write *w,
                                const struct db_query *queries, size_t n,
                                const struct db_rows **rows, int64_t *revision);
/* One read. */
MUST_CHECK enum err control_read(struct arena *a, const struct db_query *query,
                                 const struct db_rows **rows);

/* A page of a list, newest first: at most `limit` rows after the one with this id (NULL ptr = from
 * the start). */
struct page_query {
    struct str after;
    int64_t limit;
};

/* A credential as it is stored: never its text. id.z[0] == 0: none. */
struct key_record {
    struct id id;
    uint8_t hash[32];
    char hint[KEY_HINT_LEN]; /* "pk_live_...wxyz" */
};
/* The three parameters id, hash, hint; all NULL without a key. The record outlives the query. */
void control_key_params(struct db_param out[3], const struct key_record *key);

#endif
