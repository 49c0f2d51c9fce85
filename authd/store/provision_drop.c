/* SPDX-License-Identifier: Apache-2.0
 *
 * The end of a deleted tenant: its database and roles go, then its keys. Connections that another
 * node still has are ended by the server.
 */
#include "base/log.h"
#include "store/provisioner.h"

static enum err drop_script(struct provisioner *p, struct arena *a, const char *name,
                            const char *command, struct str object, const char *options)
{
    struct buf b;
    buf_init(&b, a, 128);
    buf_printf(&b, "%s IF EXISTS %s %s", command, sync_identifier(p->admin, a, object), options);
    buf_char(&b, '\0');
    return sync_script(p->admin, name, b.ptr);
}

static enum err drop_all(struct provisioner *p, struct arena *a, const struct provision_row *row)
{
    const struct str roles[] = {row->login[0], row->login[1], row->owner};
    enum err e = drop_script(p, a, "drop_database", "DROP DATABASE", row->database, "WITH (FORCE)");
    for (size_t i = 0; e == ERR_OK && i < sizeof(roles) / sizeof(*roles); i++)
        e = drop_script(p, a, "drop_role", "DROP ROLE", roles[i], "");
    if (e != ERR_OK)
        return e;
    struct db_param params[1] = {db_id(&row->tenant)};
    return sync_run(p->control, a, SQL_PROVISION_DROPPED, params, NULL);
}

static enum err drop_locked(struct provisioner *p, struct arena *a, struct str tenant)
{
    struct provision_row row;
    enum err e = provision_row_read(p, a, tenant, &row);
    if (e != ERR_OK || !str_eqz(row.status, "deleted") || row.keep_database || row.dropped)
        return e;
    e = drop_all(p, a, &row);
    log_info(e == ERR_OK ? "tenant_database_dropped" : "tenant_database_drop_failed",
             LOG_STR("tenant", tenant));
    return e;
}

enum err provision_drop(struct provisioner *p, struct str tenant)
{
    struct arena *a = arena_create(4096);
    const struct db_rows *rows;
    struct db_param params[1] = {db_text(tenant)};
    enum err e = sync_run(p->control, a, SQL_PROVISION_TRY_LOCK, params, &rows);
    if (e == ERR_OK && db_get_bool(rows, 0, 0)) {
        e = drop_locked(p, a, tenant);
        enum err unlocked = sync_run(p->control, a, SQL_PROVISION_UNLOCK, params, NULL);
        e = e == ERR_OK ? unlocked : e;
    }
    arena_destroy(a);
    return e;
}
