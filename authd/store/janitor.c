/* SPDX-License-Identifier: Apache-2.0
 *
 * The janitor's rounds. What is removed after how long is a table.
 */
#include "store/janitor.h"

#include "store/db_internal.h"
#include "store/migrate.h"
#include "store/registry.h"
#include "store/store.h"
#include "store/upkeep.h"

#define HOUR_MS INT64_C(3600000)
#define DAY_MS (24 * HOUR_MS)

enum { BATCH = 500, BATCHES_A_TURN = 20, JANITOR_TIMEOUT_MS = 10 * 1000 };

/* The ages that are not constants. */
struct ages {
    int64_t session_ms;
    int64_t audit_ms;
};

struct sweep {
    enum sql sql;
    int64_t fixed_ms;   /* age at which a row is old … */
    size_t ages_offset; /* … or plus this member of struct ages; 0 there: never */
    bool variable;
};

static const struct sweep tenant_sweeps[] = {
    {SQL_JANITOR_SESSIONS_ENDED, 30 * DAY_MS, 0, false},
    {SQL_JANITOR_SESSIONS_EXPIRED, DAY_MS, offsetof(struct ages, session_ms), true},
    {SQL_JANITOR_ATTEMPTS, 30 * DAY_MS, 0, false},
    {SQL_JANITOR_AUDIT, 0, offsetof(struct ages, audit_ms), true},
};

static const struct sweep control_sweeps[] = {
    {SQL_JANITOR_CHANGES, 7 * DAY_MS, 0, false},
    {SQL_JANITOR_CLIENT_KEYS, 90 * DAY_MS, 0, false},
    {SQL_JANITOR_OPERATOR_KEYS, 90 * DAY_MS, 0, false},
    {SQL_JANITOR_SIGNING_KEYS, 90 * DAY_MS, 0, false},
    {SQL_JANITOR_AUDIT, 0, offsetof(struct ages, audit_ms), true},
};

/* 0: nothing is ever old. */
static int64_t cutoff(const struct sweep *s, const struct ages *ages, int64_t now)
{
    if (!s->variable)
        return now - s->fixed_ms;
    int64_t age = *(const int64_t *)(const void *)((const char *)ages + s->ages_offset);
    return age ? now - s->fixed_ms - age : 0;
}

static enum err sweep_run(PGconn *c, struct arena *a, const struct sweep *s, int64_t before,
                          bool *more)
{
    struct db_param params[1] = {db_time(before)};
    for (int i = 0; i < BATCHES_A_TURN; i++) {
        const struct db_rows *rows;
        enum err e = sync_run(c, a, s->sql, params, &rows);
        if (e != ERR_OK || db_affected(rows) < BATCH)
            return e;
        if (upkeep_stopping())
            break;
    }
    *more = true;
    return ERR_OK;
}

static enum err sweeps_run(PGconn *c, struct arena *a, const struct sweep *sweeps, size_t n,
                           const struct ages *ages, int64_t now, bool *more)
{
    for (size_t i = 0; i < n; i++) {
        int64_t before = cutoff(&sweeps[i], ages, now);
        if (before <= 0)
            continue;
        enum err e = sweep_run(c, a, &sweeps[i], before, more);
        if (e != ERR_OK)
            return e;
    }
    return ERR_OK;
}

enum err janitor_sweep_control(PGconn *control, struct arena *a, int64_t now)
{
    bool more = false;
    struct ages ages = {.audit_ms = store_config.audit_retention_s * 1000};
    return sweeps_run(control, a, control_sweeps, sizeof(control_sweeps) / sizeof(*control_sweeps),
                      &ages, now, &more);
}

enum err janitor_sweep_tenant(PGconn *c, struct arena *a, int64_t session_duration_s, int64_t now,
                              bool *more)
{
    struct ages ages = {.session_ms = session_duration_s * 1000,
                        .audit_ms = store_config.audit_retention_s * 1000};
    *more = false;
    return sweeps_run(c, a, tenant_sweeps, sizeof(tenant_sweeps) / sizeof(*tenant_sweeps), &ages,
                      now, more);
}

static enum err tenant_connect(const struct tenant *t, PGconn **out)
{
    struct sync_target target = {.url = store_tenant_server,
                                 .dbname = t->db.database,
                                 .user = t->db.role,
                                 .password = t->db.password.ptr,
                                 .schema = SCHEMA_TENANT,
                                 .application = "authd janitor",
                                 .statement_timeout_ms = JANITOR_TIMEOUT_MS};
    return sync_connect(&target, out);
}

/* Within the connection budget: when requests need all of it, there is more to do later. */
static enum err tenant_sweep(struct arena *a, const struct tenant *t, int64_t now, bool *more)
{
    PGconn *c;
    if (!db_budget_take_unused()) {
        *more = true;
        return ERR_OK;
    }
    enum err e = tenant_connect(t, &c);
    if (e == ERR_OK) {
        e = janitor_sweep_tenant(c, a, t->policy.session_duration, now, more);
        sync_close(c);
    }
    db_budget_release();
    return e;
}

/* Takes the next tenant whose turn it is; *found is false when there is none. */
static enum err next_turn(PGconn *control, struct arena *a, int64_t now, bool *found)
{
    const struct db_rows *rows;
    int64_t jitter = (int64_t)random_below((uint32_t)(HOUR_MS / 2));
    struct db_param claim[2] = {db_time(now), db_time(now + 6 * HOUR_MS + jitter)};
    enum err e = sync_run(control, a, SQL_JANITOR_CLAIM, claim, &rows);
    if (e != ERR_OK)
        return e;
    *found = db_count(rows) > 0;
    struct tenant *t = *found ? registry_by_id(db_get_text(rows, 0, 0)) : NULL;
    if (!t) /* none, or one that this node does not know yet */
        return ERR_OK;
    bool more = false;
    e = tenant_sweep(a, t, now, &more);
    struct db_param again[2] = {db_id(&t->id), db_time(now + HOUR_MS / 60)};
    if (e == ERR_OK && more)
        e = sync_run(control, a, SQL_JANITOR_AGAIN, again, NULL);
    tenant_release(t);
    return e;
}

enum err janitor_round(PGconn *control, struct arena *a, int64_t now)
{
    static int64_t control_due; /* only the upkeep thread comes here */
    enum err first = ERR_OK;
    if (now >= control_due || now < control_due - HOUR_MS) {
        first = janitor_sweep_control(control, a, now);
        control_due = now + HOUR_MS;
    }
    bool found = true;
    for (int i = 0; found && i < JANITOR_TENANTS && !upkeep_stopping(); i++) {
        found = false;
        enum err e = next_turn(control, a, now, &found);
        first = first == ERR_OK ? e : first;
    }
    return first;
}
