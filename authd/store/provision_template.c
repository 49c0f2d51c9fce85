/* SPDX-License-Identifier: Apache-2.0
 *
 * The database that tenants are cloned from. It is built under another name and renamed when it is
 * complete, so that a database of its final name is never half a schema; it is closed to
 * connections, so that cloning never waits for anybody. Another version of the migrations is
 * another template.
 *
 * Its objects belong to pg_database_owner, which in a clone is the tenant's owner role and nobody
 * else: PostgreSQL reads that from the database's own row, so nothing has to be reassigned.
 */
#include <time.h>

#include "base/log.h"
#include "crypto/token.h"
#include "migrations_generated.h"
#include "store/migrate.h"
#include "store/provisioner.h"

enum { TEMPLATE_TRIES = 240, TEMPLATE_PAUSE_MS = 250 };

/* The migrations make the schema, which takes the right to. Only for the last step, the new name,
 * anybody waits for the disk. */
static const char template_owner[] =
    "SET synchronous_commit = off;"
    "DO $$ BEGIN"
    " EXECUTE format('GRANT CREATE ON DATABASE %I TO pg_database_owner', current_database());"
    " END $$;"
    "DROP SCHEMA IF EXISTS public;"
    "SET ROLE pg_database_owner;";

/* Every clone pays for each page and file, so tables are packed, which drops their maps of free and
 * visible pages. What all databases share is left alone. */
static const char template_tables[] =
    "SELECT 'VACUUM (FULL) ' || string_agg(oid::regclass::text, ', ' ORDER BY oid)"
    " FROM pg_class WHERE relkind = 'r' AND NOT relisshared";

const char *provision_template_name(struct arena *a)
{
    struct buf all;
    struct buf name;
    uint8_t hash[32];
    char hex[16 + 1] = {0};
    buf_init(&all, a, 16 * 1024);
    buf_str(&all, str_of(template_owner));
    buf_str(&all, str_of(template_tables));
    for (size_t i = 0; i < migrations_generated_count; i++) {
        if (str_starts(str_of(migrations_generated[i].path), STR("tenant/")))
            buf_str(&all, str_of(migrations_generated[i].text));
    }
    plain_hash(buf_view(&all), hash);
    hex_encode(hex, hash, 8);
    buf_init(&name, a, 64);
    buf_printf(&name, "authd_template_%d_%s", migrate_latest("tenant"), hex);
    return str_z(a, buf_view(&name));
}

static enum err template_pack(PGconn *c, struct arena *a)
{
    const struct db_rows *rows;
    enum err e = sync_exec(c, a, "template_tables", template_tables, NULL, 0, &rows);
    if (e == ERR_OK && (e = sync_script(c, "template_role", "RESET ROLE")) == ERR_OK)
        e = sync_script(c, "template_pack", str_z(a, db_get_text(rows, 0, 0)));
    return e;
}

/* Inside the new database, as the role that owns its objects. */
static enum err template_fill(struct provisioner *p, struct arena *a, const char *database)
{
    PGconn *c;
    enum err e = provisioner_connect(p, database, &c);
    if (e != ERR_OK)
        return e;
    e = sync_script(c, "template_owner", template_owner);
    if (e == ERR_OK)
        e = migrate_run(c, "tenant", NULL);
    if (e == ERR_OK)
        e = template_pack(c, a);
    sync_close(c);
    return e;
}

static enum err statement(struct provisioner *p, struct arena *a, const char *name,
                          const char *before, const char *database, const char *after)
{
    struct buf b;
    buf_init(&b, a, 256);
    buf_printf(&b, "%s %s %s", before, sync_identifier(p->admin, a, str_of(database)), after);
    buf_char(&b, '\0');
    return sync_script(p->admin, name, b.ptr);
}

/* ERR_conflict: somebody is building it, or was killed while doing so. */
static enum err template_build(struct provisioner *p, struct arena *a, const char *name,
                               const char *work)
{
    sync_expect("42P04");
    enum err e = statement(p, a, "template_create", "CREATE DATABASE", work,
                           "TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'");
    if (e != ERR_OK)
        return strcmp(sync_sqlstate(), "42P04") == 0 ? ERR_conflict : e;
    if ((e = template_fill(p, a, work)) != ERR_OK)
        return e;
    const char *quoted = sync_identifier(p->admin, a, str_of(name));
    e = statement(p, a, "template_close", "ALTER DATABASE", work,
                  "IS_TEMPLATE true ALLOW_CONNECTIONS false");
    if (e != ERR_OK)
        return e;
    struct buf rename;
    buf_init(&rename, a, 128);
    buf_printf(&rename, "RENAME TO %s", quoted);
    buf_char(&rename, '\0');
    e = statement(p, a, "template_rename", "ALTER DATABASE", work, rename.ptr);
    if (e == ERR_OK)
        log_info("template_database_created", LOG_Z("database", name));
    return e;
}

/* Fails, unlogged, while somebody is connected to it: then it is being built right now. */
static void leftover_drop(struct provisioner *p, struct arena *a, const char *work)
{
    sync_expect("55006");
    if (statement(p, a, "template_leftover", "ALTER DATABASE", work, "IS_TEMPLATE false") ==
        ERR_OK) {
        sync_expect("55006");
        if (statement(p, a, "template_leftover", "DROP DATABASE IF EXISTS", work, "") == ERR_OK)
            log_info("template_leftover_dropped", LOG_Z("database", work));
    }
}

/* Builders of this instance take turns; those of another one on the same server are met with
 * patience. */
static enum err build_until_there(struct provisioner *p, struct arena *a)
{
    const char *name = provision_template_name(a);
    struct buf work;
    buf_init(&work, a, 64);
    buf_printf(&work, "%s_new", name);
    buf_char(&work, '\0');
    for (int i = 0; i < TEMPLATE_TRIES; i++) {
        bool exists;
        enum err e = provisioner_ask(p, a, "template_exists",
                                     "SELECT true FROM pg_database WHERE datname = $1",
                                     str_of(name), &exists);
        if (e != ERR_OK || exists)
            return e;
        if ((e = template_build(p, a, name, work.ptr)) != ERR_conflict)
            return e;
        leftover_drop(p, a, work.ptr);
        nanosleep(&(struct timespec){.tv_nsec = TEMPLATE_PAUSE_MS * 1000000L}, NULL);
    }
    log_error("template_database_stuck", LOG_Z("database", work.ptr));
    return ERR_control_plane_unavailable;
}

enum err provision_template_ensure(struct provisioner *p, struct arena *a)
{
    struct db_param lock[1] = {db_text(STR("template"))};
    enum err e = sync_run(p->control, a, SQL_PROVISION_LOCK, lock, NULL);
    if (e != ERR_OK)
        return e;
    e = build_until_there(p, a);
    enum err unlocked = sync_run(p->control, a, SQL_PROVISION_UNLOCK, lock, NULL);
    return e == ERR_OK ? unlocked : e;
}
