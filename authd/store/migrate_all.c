/* SPDX-License-Identifier: Apache-2.0
 *
 * Migrates an instance. A tenant's migration runs as its owner role, so that what it makes belongs
 * to that role and the login roles get their rights by its default privileges.
 */
#include "store/migrate_all.h"

#include "base/log.h"
#include "store/migrate.h"
#include "store/provisioner.h"

static struct migrate_result *result_add(struct migrate_results *out, struct str what,
                                         struct str slug)
{
    struct migrate_result *r = &out->items[out->n++];
    *r = (struct migrate_result){.what = what, .slug = slug};
    return r;
}

static void result_set(struct migrate_results *out, struct migrate_result *r, enum err e)
{
    r->result = e;
    out->failed += e != ERR_OK;
}

static enum err control_migrate(const char *control_url, int *version)
{
    PGconn *c;
    struct sync_target target = {.url = control_url, .application = "authd migrate"};
    enum err e = sync_connect(&target, &c);
    if (e != ERR_OK)
        return e;
    e = migrate_run(c, "control", version);
    sync_close(c);
    return e;
}

static enum err owner_become(PGconn *c, struct arena *a, struct str owner)
{
    struct buf b;
    buf_init(&b, a, 64);
    buf_printf(&b, "SET ROLE %s", sync_identifier(c, a, owner));
    buf_char(&b, '\0');
    return sync_script(c, "migrate_set_role", b.ptr);
}

static enum err tenant_migrate(struct provisioner *p, struct arena *a, const struct db_rows *rows,
                               size_t i, int *version)
{
    PGconn *c;
    enum err e = provisioner_connect(p, str_z(a, db_get_text(rows, i, 2)), &c);
    if (e != ERR_OK)
        return e;
    if ((e = owner_become(c, a, db_get_text(rows, i, 3))) == ERR_OK)
        e = migrate_run(c, "tenant", version);
    sync_close(c);
    if (e != ERR_OK)
        return e;
    struct db_param params[2] = {db_text(db_get_text(rows, i, 0)), db_int(*version)};
    return sync_run(p->control, a, SQL_PROVISION_MIGRATED, params, NULL);
}

static void tenants_migrate(struct provisioner *p, struct arena *a, const struct db_rows *rows,
                            struct migrate_results *out)
{
    for (size_t i = 0; i < db_count(rows); i++) {
        struct migrate_result *r =
            result_add(out, db_get_text(rows, i, 0), db_get_text(rows, i, 1));
        result_set(out, r, tenant_migrate(p, a, rows, i, &r->version));
        if (r->result != ERR_OK)
            log_error("tenant_migration_failed", LOG_STR("tenant", r->what));
    }
}

static enum err template_and_tenants(struct provisioner *p, struct arena *a,
                                     struct migrate_results *out)
{
    const struct db_rows *rows;
    struct migrate_result *template = result_add(out, STR("template"), STR(""));
    result_set(out, template, provision_template_ensure(p, a));
    if (template->result != ERR_OK)
        return template->result;
    template->version = migrate_latest("tenant");
    enum err e = sync_run(p->control, a, SQL_PROVISION_MIGRATABLE, NULL, &rows);
    if (e != ERR_OK)
        return e;
    struct migrate_result *head = out->items;
    out->items = arena_new_array(a, db_count(rows) + out->n, struct migrate_result);
    memcpy(out->items, head, out->n * sizeof(*head));
    tenants_migrate(p, a, rows, out);
    return ERR_OK;
}

enum err migrate_all(const char *control_url, const char *provisioner_url, struct arena *a,
                     struct migrate_results *out)
{
    struct provisioner p;
    *out = (struct migrate_results){.items = arena_new_array(a, 2, struct migrate_result)};
    struct migrate_result *control = result_add(out, STR("control"), STR(""));
    result_set(out, control, control_migrate(control_url, &control->version));
    if (control->result != ERR_OK)
        return control->result;
    enum err e = provisioner_open(&p, control_url, provisioner_url);
    if (e != ERR_OK)
        return e;
    e = template_and_tenants(&p, a, out);
    provisioner_close(&p);
    return e;
}
