/* SPDX-License-Identifier: Apache-2.0
 *
 * Provisioning as a whole: lock, steps, unlock. The steps are a table; what
 * they do is in provision_steps.c.
 */
#include "store/provision.h"

#include "base/clock.h"
#include "base/log.h"
#include "store/migrate.h"
#include "store/provisioner.h"
#include "store/store.h"
#include "store/tenant_keys.h"

#ifdef AUTHD_FAULTS
bool (*provision_stop)(enum provision_step reached);
static enum err reach(enum provision_step step)
{
    return provision_stop && provision_stop(step) ? ERR_internal_error : ERR_OK;
}
#else
static enum err reach(enum provision_step step)
{
    (void)step;
    return ERR_OK;
}
#endif

static const struct {
    enum provision_step step;
    enum err (*run)(struct provisioner *, struct arena *, const struct provision_row *);
} steps[] = {
    {PROVISION_ROLES, provision_roles},
    {PROVISION_DATABASE, provision_database},
    {PROVISION_ACCESS, provision_access},
    {PROVISION_INSIDE, provision_inside},
};

static enum err steps_run(struct provisioner *p, struct arena *a, const struct provision_row *row)
{
    enum err e = reach(PROVISION_ROW);
    for (size_t i = 0; e == ERR_OK && i < sizeof(steps) / sizeof(*steps); i++) {
        e = steps[i].run(p, a, row);
        if (e == ERR_OK)
            e = reach(steps[i].step);
    }
    return e;
}

struct activation {
    struct arena *arena;
    const struct id *tenant;
    int64_t now;
    int64_t revision;
};

static enum err activate(PGconn *c, void *arg)
{
    struct activation *x = arg;
    const struct db_rows *rows;
    struct db_param params[3] = {db_id(x->tenant), db_time(x->now),
                                 db_int(migrate_latest("tenant"))};
    enum err e = sync_run(c, x->arena, SQL_CONTROL_LOCK, NULL, NULL);
    if (e != ERR_OK || (e = sync_run(c, x->arena, SQL_PROVISION_ACTIVATE, params, &rows)) != ERR_OK)
        return e;
    x->revision = db_count(rows) ? db_get_int(rows, 0, 0) : 0;
    return ERR_OK;
}

/* A spare is put on the shelf, a tenant becomes active. */
static enum err finish(struct provisioner *p, struct arena *a, const struct provision_row *row,
                       int64_t now, int64_t *revision)
{
    if (str_eqz(row->status, "spare")) {
        struct db_param params[2] = {db_id(&row->tenant), db_int(migrate_latest("tenant"))};
        return sync_run(p->control, a, SQL_PROVISION_SPARE_READY, params, NULL);
    }
    struct activation x = {.arena = a, .tenant = &row->tenant, .now = now};
    enum err e = sync_tx(p->control, activate, &x);
    *revision = x.revision;
    return e;
}

static bool unfinished(const struct provision_row *row)
{
    return str_eqz(row->status, "provisioning") || (str_eqz(row->status, "spare") && !row->ready);
}

static enum err provision_locked(struct provisioner *p, struct arena *a, struct str tenant,
                                 int64_t now, int64_t *revision)
{
    struct provision_row row;
    enum err e = provision_row_read(p, a, tenant, &row);
    if (e != ERR_OK || !unfinished(&row))
        return e;
    if ((e = steps_run(p, a, &row)) != ERR_OK)
        return e;
    e = finish(p, a, &row, now, revision);
    return e == ERR_OK ? reach(PROVISION_READY) : e;
}

static enum err tenant_lock(struct provisioner *p, struct arena *a, struct str tenant, bool wait,
                            bool *locked)
{
    const struct db_rows *rows;
    struct db_param params[1] = {db_text(tenant)};
    enum sql sql = wait ? SQL_PROVISION_LOCK : SQL_PROVISION_TRY_LOCK;
    enum err e = sync_run(p->control, a, sql, params, &rows);
    *locked = e == ERR_OK && (wait || db_get_bool(rows, 0, 0));
    return e;
}

static enum err tenant_unlock(struct provisioner *p, struct arena *a, struct str tenant)
{
    struct db_param params[1] = {db_text(tenant)};
    return sync_run(p->control, a, SQL_PROVISION_UNLOCK, params, NULL);
}

enum err provision_tenant(struct provisioner *p, struct str tenant, bool wait, int64_t now,
                          int64_t *revision)
{
    struct arena *a = arena_create(8192);
    bool locked;
    *revision = 0;
    enum err e = tenant_lock(p, a, tenant, wait, &locked);
    if (e == ERR_OK && locked) {
        int64_t start = clock_mono_ms();
        e = provision_locked(p, a, tenant, now, revision);
        log_info(e == ERR_OK ? "tenant_provisioned" : "tenant_provisioning_failed",
                 LOG_STR("tenant", tenant), LOG_INT("ms", clock_mono_ms() - start));
        enum err unlocked = tenant_unlock(p, a, tenant);
        e = e == ERR_OK ? unlocked : e;
    }
    arena_destroy(a);
    return e;
}

void provision_job_run(void *job)
{
    struct provision_job *j = job;
    struct provisioner p;
    j->result = provisioner_take(&p);
    if (j->result != ERR_OK)
        return;
    j->result = provision_tenant(&p, id_str(&j->tenant), true, clock_wall_ms(), &j->revision);
    provisioner_give(&p, j->result);
}

/* Whether the shelf wants another one. */
static enum err spare_wanted(struct provisioner *p, struct arena *a, unsigned wanted, bool *yes)
{
    const struct db_rows *rows;
    struct db_param params[1] = {db_int(migrate_latest("tenant"))};
    enum err e = sync_run(p->control, a, SQL_SPARE_COUNT, params, &rows);
    if (e == ERR_OK)
        *yes = db_get_int(rows, 0, 0) < (int64_t)wanted;
    return e;
}

static enum err spare_make(struct provisioner *p, struct arena *a, unsigned wanted, int64_t now,
                           bool *made)
{
    enum err e = spare_wanted(p, a, wanted, made);
    if (e != ERR_OK || !*made)
        return e;
    struct tenant_keys *keys = arena_new(a, struct tenant_keys);
    tenant_keys_make(now, keys);
    struct db_query q = tenant_keys_insert(keys, 0);
    int64_t revision;
    e = sync_run(p->control, a, q.sql, q.params, NULL);
    return e == ERR_OK ? provision_tenant(p, id_str(&keys->id), true, now, &revision) : e;
}

enum err provision_spare(struct provisioner *p, unsigned wanted, int64_t now, bool *made)
{
    struct arena *a = arena_create(8192);
    const struct db_rows *rows;
    *made = false;
    enum err e = sync_run(p->control, a, SQL_SPARE_TRY_LOCK, NULL, &rows);
    if (e == ERR_OK && db_get_bool(rows, 0, 0)) {
        e = spare_make(p, a, wanted, now, made);
        enum err unlocked = sync_run(p->control, a, SQL_SPARE_UNLOCK, NULL, NULL);
        e = e == ERR_OK ? unlocked : e;
    }
    arena_destroy(a);
    return e;
}
