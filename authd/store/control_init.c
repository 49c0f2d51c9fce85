/* SPDX-License-Identifier: Apache-2.0
 *
 * Makes a control database. Everybody but its owner loses CONNECT to it, and to the server's
 * `postgres` and `template1`, so that a tenant's role reaches its own database and no other.
 */
#include "store/control_init.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "store/control_operators.h"
#include "store/control_sync.h"
#include "store/envelope.h"
#include "store/migrate.h"

static enum err database_create(PGconn *c, struct arena *a, struct str name)
{
    const struct db_rows *rows;
    struct db_param params[1] = {db_text(name)};
    enum err e = sync_exec(c, a, "control_database_exists",
                           "SELECT true FROM pg_database WHERE datname = $1", params, 1, &rows);
    if (e != ERR_OK || db_count(rows))
        return e;
    struct buf b;
    buf_init(&b, a, 256);
    buf_printf(&b,
               "CREATE DATABASE %s TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'",
               sync_identifier(c, a, name));
    buf_char(&b, '\0');
    e = sync_script(c, "control_database_create", b.ptr);
    if (e == ERR_OK)
        log_info("control_database_created", LOG_STR("database", name));
    return e;
}

/* Of these three, those that this role may close. */
static const char closable[] = "SELECT datname::text, pg_has_role(datdba, 'USAGE') FROM pg_database"
                               " WHERE datname IN ('postgres', 'template1', $1)";

static enum err databases_close(PGconn *c, struct arena *a, struct str control)
{
    const struct db_rows *rows;
    struct db_param params[1] = {db_text(control)};
    enum err e = sync_exec(c, a, "closable_databases", closable, params, 1, &rows);
    for (size_t i = 0; e == ERR_OK && i < db_count(rows); i++) {
        struct str name = db_get_text(rows, i, 0);
        if (!db_get_bool(rows, i, 1)) {
            log_warn("database_open_to_all_roles", LOG_STR("database", name),
                     LOG_Z("remedy", "as its owner: REVOKE CONNECT ON DATABASE … FROM PUBLIC"));
            continue;
        }
        struct buf b;
        buf_init(&b, a, 128);
        buf_printf(&b, "REVOKE CONNECT, TEMPORARY ON DATABASE %s FROM PUBLIC",
                   sync_identifier(c, a, name));
        buf_char(&b, '\0');
        e = sync_script(c, "database_close", b.ptr);
    }
    return e;
}

static enum err search_path_set(PGconn *c, struct arena *a, struct str database)
{
    struct buf b;
    buf_init(&b, a, 128);
    buf_printf(&b, "ALTER DATABASE %s SET search_path = " SCHEMA_CONTROL,
               sync_identifier(c, a, database));
    buf_char(&b, '\0');
    return sync_script(c, "control_search_path", b.ptr);
}

struct first_run {
    struct arena *arena;
    const uint8_t *root_key;
    int64_t now;
    char *operator_key;
    bool created;
};

static enum err operator_first(PGconn *c, struct first_run *x)
{
    const struct db_rows *rows;
    struct control_write w = {.audit_id = id_new("evt_", x->now), .now = x->now};
    struct operator_record record = {
        .id = id_new("adm_", x->now), .name = STR("first operator"), .role = STR("admin")};
    struct key_record key = {.id = id_new("key_", x->now)};
    key_generate("op_", x->operator_key);
    struct str text = str_of(x->operator_key);
    key_hash(text, key.hash);
    snprintf(key.hint, sizeof(key.hint), "op_...%.4s", text.ptr + text.len - 4);
    struct db_query q = control_operator_query(&w, &record, &key);
    struct db_param publish[1] = {db_id(&w.audit_id)};
    enum err e = sync_run(c, x->arena, q.sql, q.params, &rows);
    return e == ERR_OK ? sync_run(c, x->arena, SQL_CONTROL_PUBLISH, publish, NULL) : e;
}

static enum err first_run(PGconn *c, void *arg)
{
    struct first_run *x = arg;
    const struct db_rows *rows = NULL;
    uint8_t check[SEALED_KEY_CHECK_LEN];
    struct id instance = id_new("ins_", x->now);
    envelope_key_check_seal(x->root_key, id_str(&instance), check);
    struct db_param params[3] = {db_id(&instance), db_bytes(check, sizeof(check)), db_time(x->now)};
    enum err e = sync_run(c, x->arena, SQL_CONTROL_LOCK, NULL, NULL);
    if (e == ERR_OK)
        e = sync_run(c, x->arena, SQL_CONTROL_INIT_INSTANCE, params, &rows);
    if (e != ERR_OK || db_count(rows) == 0)
        return e;
    x->created = true;
    return operator_first(c, x);
}

static enum err root_key_verify(PGconn *c, struct arena *a, const uint8_t *root_key)
{
    const struct db_rows *rows;
    enum err e = sync_run(c, a, SQL_CONTROL_INSTANCE, NULL, &rows);
    if (e != ERR_OK)
        return e;
    if (db_count(rows) &&
        envelope_key_check_ok(root_key, db_get_text(rows, 0, 0), db_get_text(rows, 0, 1)))
        return ERR_OK;
    log_error("root_key_wrong",
              LOG_Z("remedy", "use the root key file this instance was made with"));
    return ERR_conflict;
}

static enum err schema_and_operator(PGconn *c, struct arena *a, const uint8_t *root_key, char *key,
                                    bool *created)
{
    struct first_run x = {
        .arena = a, .root_key = root_key, .now = clock_wall_ms(), .operator_key = key};
    enum err e = migrate_run(c, "control", NULL);
    if (e == ERR_OK)
        e = sync_tx(c, first_run, &x);
    if (e == ERR_OK)
        e = root_key_verify(c, a, root_key);
    *created = e == ERR_OK && x.created;
    if (!*created)
        bytes_wipe(key, KEY_TEXT_MAX + 1);
    return e;
}

static enum err server_prepare(const char *admin_conninfo, struct arena *a, struct str control)
{
    PGconn *c;
    struct sync_target target = {.url = admin_conninfo, .application = "authd init"};
    enum err e = sync_connect(&target, &c);
    if (e != ERR_OK)
        return e;
    e = database_create(c, a, control);
    if (e == ERR_OK)
        e = databases_close(c, a, control);
    if (e == ERR_OK)
        e = search_path_set(c, a, control);
    sync_close(c);
    return e;
}

enum err control_init(const char *admin_conninfo, const char *control_dbname,
                      const uint8_t *root_key, char out_operator_key[KEY_TEXT_MAX + 1],
                      bool *created)
{
    struct arena *a = arena_create(8192);
    PGconn *c;
    struct sync_target target = {
        .url = admin_conninfo, .dbname = control_dbname, .application = "authd init"};
    *created = false;
    out_operator_key[0] = '\0';
    enum err e = server_prepare(admin_conninfo, a, str_of(control_dbname));
    if (e == ERR_OK && (e = sync_connect(&target, &c)) == ERR_OK) {
        e = schema_and_operator(c, a, root_key, out_operator_key, created);
        sync_close(c);
    }
    arena_destroy(a);
    return e;
}
