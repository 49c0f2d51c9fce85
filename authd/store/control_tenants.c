/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows of tenants in and out. The columns are the same in every statement of control_tenants.sql,
 * so one function reads them.
 */
#include "store/control_tenants.h"

#include "store/migrate.h"
#include "store/tenant_keys.h"

static void record_read(const struct db_rows *r, size_t row, struct tenant_record *out)
{
    *out = (struct tenant_record){
        .id = db_get_id(r, row, 0),
        .slug = db_get_text(r, row, 1),
        .name = db_get_text(r, row, 2),
        .environment = db_get_text(r, row, 3),
        .status = db_get_text(r, row, 4),
        .issuer = db_get_text(r, row, 5),
        .policy = db_get_text(r, row, 6),
        .revision = db_get_int(r, row, 7),
        .created_at = db_get_time(r, row, 8),
        .updated_at = db_get_time(r, row, 9),
    };
}

enum err control_tenant_get(struct arena *a, struct str ref, struct tenant_record *out)
{
    const struct db_rows *rows;
    struct db_query q = {.sql = SQL_TENANT_GET, .params = {db_text(ref)}};
    enum err e = control_read(a, &q, &rows);
    if (e != ERR_OK)
        return e;
    if (db_count(rows) == 0)
        return ERR_not_found;
    record_read(rows, 0, out);
    return ERR_OK;
}

enum err control_tenant_list(struct arena *a, struct str status, const struct page_query *page,
                             struct tenant_record **items, size_t *n)
{
    const struct db_rows *rows;
    struct db_query q = {.sql = SQL_TENANT_LIST,
                         .params = {db_text(status), db_text(page->after), db_int(page->limit)}};
    enum err e = control_read(a, &q, &rows);
    if (e != ERR_OK)
        return e;
    *n = db_count(rows);
    *items = arena_new_array(a, *n, struct tenant_record);
    for (size_t i = 0; i < *n; i++)
        record_read(rows, i, &(*items)[i]);
    return ERR_OK;
}

/* A write whose statement returns the target's row, with NULLs when it was found but left alone. */
static enum err write_target(struct arena *a, const struct control_write *w,
                             const struct db_query *q, enum err refused, struct tenant_record *out,
                             int64_t *revision)
{
    const struct db_rows *rows;
    enum err e = control_run(a, w, q, 1, &rows, revision);
    if (e != ERR_OK)
        return e;
    if (db_count(rows) == 0)
        return ERR_not_found;
    if (db_is_null(rows, 0, 0))
        return refused;
    record_read(rows, 0, out);
    return ERR_OK;
}

enum err control_tenant_update(struct arena *a, const struct control_write *w, struct str ref,
                               const struct tenant_changes *changes, struct tenant_record *out,
                               int64_t *revision)
{
    struct db_query q = control_query(SQL_TENANT_UPDATE, w);
    q.params[5] = db_text(ref);
    q.params[6] = db_text(changes->name);
    q.params[7] = db_json(changes->policy);
    q.params[8] = changes->if_revision ? db_int(changes->if_revision) : db_null();
    return write_target(a, w, &q, ERR_precondition_failed, out, revision);
}

static const struct {
    const char *from; /* comma-separated */
    const char *to;
    const char *event;
    bool keep_database;
} deeds[] = {
    [TENANT_SUSPEND] = {"active", "suspended", "tenant.suspended", false},
    [TENANT_REACTIVATE] = {"suspended", "active", "tenant.reactivated", false},
    [TENANT_DELETE] = {"provisioning,active,suspended", "deleted", "tenant.deleted", false},
    [TENANT_DELETE_KEEP] = {"provisioning,active,suspended", "deleted", "tenant.deleted", true},
};

enum err control_tenant_do(struct arena *a, const struct control_write *w, struct str ref,
                           enum tenant_deed deed, struct tenant_record *out, int64_t *revision)
{
    struct db_query q = control_query(SQL_TENANT_SET_STATUS, w);
    q.params[5] = db_text(ref);
    q.params[6] = db_text(str_of(deeds[deed].from));
    q.params[7] = db_text(str_of(deeds[deed].to));
    q.params[8] = db_text(str_of(deeds[deed].event));
    q.params[9] = db_bool(deeds[deed].keep_database);
    return write_target(a, w, &q, ERR_conflict, out, revision);
}

enum err control_tenant_create(struct arena *a, const struct control_write *w,
                               const struct tenant_creation *c, const struct tenant_keys *keys,
                               struct tenant_record *out, int64_t *revision)
{
    const struct db_rows *rows;
    int version = migrate_latest("tenant");
    struct db_query q[2] = {tenant_keys_insert(keys, version), control_query(SQL_TENANT_CLAIM, w)};
    struct db_param *claim = q[1].params;
    claim[5] = db_text(c->slug);
    claim[6] = db_text(c->name);
    claim[7] = db_text(c->environment);
    claim[8] = db_text(c->issuer);
    claim[9] = db_json(c->policy);
    claim[10] = db_id(&c->client_id);
    control_key_params(&claim[11], &c->publishable);
    control_key_params(&claim[14], &c->secret);
    claim[17] = db_int(version);
    claim[18] = db_id(&keys->id);
    enum err e = control_run(a, w, q, 2, &rows, revision);
    if (e != ERR_OK)
        return e == ERR_conflict ? ERR_slug_taken : e; /* nothing else unique is from outside */
    record_read(rows, 0, out);
    return ERR_OK;
}
