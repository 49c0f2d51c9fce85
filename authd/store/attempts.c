/* SPDX-License-Identifier: Apache-2.0
 *
 * The attempt table. What a count means is decided in domain/decide_attempt.c; the statement
 * computes the same waits, because only inside it is the count certain.
 */
#include "store/attempts.h"

enum { MINUTE_MS = 60000 };

static struct db_param identifier_param(const struct identifier *id)
{
    return db_bytes(id->hash, sizeof(id->hash));
}

struct db_query attempt_reserve_query(const struct identifier *id, const struct policy *policy,
                                      int64_t now)
{
    int64_t first_wait = lockout_wait_ms(policy, 1);
    return (struct db_query){
        .sql = SQL_ATTEMPT_RESERVE,
        .params = {identifier_param(id), db_time(now), db_int(policy->lockout_after),
                   db_int(policy->lockout_delay * 1000), db_int(policy->rate_limit_identifier),
                   first_wait > 0 ? db_time(now + first_wait) : db_null(),
                   db_int(ATTEMPTS_HARD_STOP)},
    };
}

struct attempt_facts attempt_facts_read(const struct db_rows *row, bool reserved, int64_t now)
{
    struct attempt_facts f = {.reserved = reserved,
                              .failures = db_get_int(row, 0, 0),
                              .locked_until = db_get_time(row, 0, 1)};
    bool same_minute = db_get_time(row, 0, 2) > now - MINUTE_MS;
    int64_t in_minute = same_minute ? db_get_int(row, 0, 3) : 0;
    f.disabled = !reserved && f.failures >= ATTEMPTS_HARD_STOP;
    f.recent = reserved ? in_minute : in_minute + 1;
    return f;
}

enum err attempt_give_back(struct db *db, struct arena *a, const struct identifier *id,
                           const struct attempt_facts *f)
{
    struct db_query q = {.sql = SQL_ATTEMPT_GIVE_BACK,
                         .params = {identifier_param(id), db_time(f->locked_until)}};
    return db_run(db, a, &q, 1, NULL);
}

enum err attempt_read(struct db *db, struct arena *a, const struct identifier *id,
                      struct attempt_facts *out)
{
    const struct db_rows *rows;
    struct db_query q = {.sql = SQL_ATTEMPT_READ, .params = {identifier_param(id)}};
    *out = (struct attempt_facts){0};
    enum err e = db_run(db, a, &q, 1, &rows);
    if (e != ERR_OK || db_count(rows) == 0)
        return e;
    out->failures = db_get_int(rows, 0, 0);
    out->locked_until = db_get_time(rows, 0, 1);
    out->disabled = out->failures >= ATTEMPTS_HARD_STOP;
    return ERR_OK;
}

enum err attempt_clear(struct db *db, struct arena *a, const struct tenant_event *e,
                       const struct identifier *id, struct str email_key)
{
    struct db_query q = {.sql = SQL_ATTEMPT_CLEAR};
    tenant_audit_params(e, q.params);
    q.params[12] = identifier_param(id);
    q.params[13] = db_text(email_key);
    return db_run(db, a, &q, 1, NULL);
}
