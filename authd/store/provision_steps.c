/* SPDX-License-Identifier: Apache-2.0
 *
 * The steps of provisioning a tenant: roles, database, who may enter, what they may do. Names are
 * our own opaque ones and are quoted; values other than names are only password verifiers, quoted
 * too.
 *
 * A provisioner that is no superuser needs to be a member of the roles it makes: PostgreSQL 15 lets
 * CREATEROLE grant them, 16 and later give their creator the right to.
 */
#include <stdio.h>

#include "crypto/token.h"
#include "store/db_error.h"
#include "store/migrate.h"
#include "store/provisioner.h"
#include "store/store.h"

#define ROW_RIGHTS "SELECT, INSERT, UPDATE, DELETE"

/* The identifiers of a row, quoted for scripts. */
struct quoted {
    const char *database;
    const char *owner;
    const char *login[2];
};

static struct quoted quote(PGconn *c, struct arena *a, const struct provision_row *row)
{
    return (struct quoted){
        .database = sync_identifier(c, a, row->database),
        .owner = sync_identifier(c, a, row->owner),
        .login = {sync_identifier(c, a, row->login[0]), sync_identifier(c, a, row->login[1])},
    };
}

/* A runaway node or an injection in one tenant takes no more than this of the server's slots. Room
 * for four nodes. */
static unsigned role_connection_limit(void)
{
    unsigned per_node = store_config.loops * store_config.connections_per_tenant;
    return per_node * 4 < 16 ? 16 : per_node * 4;
}

/* Of the expected SQLSTATEs the first says that it was done before. */
static enum err script_unless_done(struct provisioner *p, const char *name, const char *script,
                                   const char *expected)
{
    sync_expect(expected);
    enum err e = sync_script(p->admin, name, script);
    bool done = e != ERR_OK && strncmp(sync_sqlstate(), expected, SQLSTATE_LEN) == 0;
    return done ? ERR_OK : e;
}

static void login_role_add(struct buf *b, PGconn *c, const char *role, struct str password)
{
    char verifier[SCRAM_VERIFIER_MAX];
    scram_verifier(password, verifier);
    buf_printf(b, "CREATE ROLE %s LOGIN CONNECTION LIMIT %u PASSWORD %s;", role,
               role_connection_limit(), sync_literal(c, b->arena, str_of(verifier)));
    bytes_wipe(verifier, sizeof(verifier));
}

static enum err roles_script(struct provisioner *p, struct arena *a,
                             const struct provision_row *row, struct buf *b)
{
    uint8_t key[SEAL_KEY_LEN];
    char passwords[DB_PASSWORDS_LEN];
    struct str tenant = id_str(&row->tenant);
    enum err e = envelope_tenant_key_unwrap(store_config.root_key, tenant, row->wrapped_key, key);
    if (e == ERR_OK)
        e = envelope_passwords_open(key, tenant, row->sealed_passwords, passwords);
    if (e == ERR_OK) {
        struct quoted q = quote(p->admin, a, row);
        buf_printf(b, PROVISION_LAZILY "CREATE ROLE %s NOLOGIN;", q.owner);
        for (int i = 0; i < 2; i++)
            login_role_add(b, p->admin, q.login[i],
                           (struct str){passwords + i * DB_PASSWORD_LEN, DB_PASSWORD_LEN});
        if (!p->superuser)
            buf_printf(b, "GRANT %s, %s, %s TO CURRENT_USER;", q.owner, q.login[0], q.login[1]);
        buf_char(b, '\0');
    }
    bytes_wipe(key, sizeof(key));
    bytes_wipe(passwords, sizeof(passwords));
    return e;
}

/* One transaction: there are all or none. It is on the disk when the database is. */
enum err provision_roles(struct provisioner *p, struct arena *a, const struct provision_row *row)
{
    struct buf b;
    buf_init(&b, a, 1024);
    enum err e = roles_script(p, a, row, &b);
    return e == ERR_OK ? script_unless_done(p, "provision_roles", b.ptr, "42710") : e;
}

/* Nobody may connect, or everybody might for a moment: a clone lets PUBLIC in. */
static enum err database_clone(struct provisioner *p, struct arena *a,
                               const struct provision_row *row)
{
    struct quoted q = quote(p->admin, a, row);
    struct buf b;
    buf_init(&b, a, 256);
    buf_printf(&b, "CREATE DATABASE %s OWNER %s TEMPLATE %s ALLOW_CONNECTIONS false", q.database,
               q.owner, sync_identifier(p->admin, a, str_of(provision_template_name(a))));
    buf_char(&b, '\0');
    return script_unless_done(p, "provision_database", b.ptr, "42P04 3D000");
}

enum err provision_database(struct provisioner *p, struct arena *a, const struct provision_row *row)
{
    enum err e = database_clone(p, a, row);
    if (e == ERR_OK || strcmp(sync_sqlstate(), "3D000") != 0)
        return e;
    e = provision_template_ensure(p, a); /* the first tenant, or the first of this version */
    return e == ERR_OK ? database_clone(p, a, row) : e;
}

/* PUBLIC loses CONNECT and TEMPORARY before anybody is let in. */
enum err provision_access(struct provisioner *p, struct arena *a, const struct provision_row *row)
{
    struct quoted q = quote(p->admin, a, row);
    struct buf b;
    buf_init(&b, a, 1024);
    buf_printf(&b, "%sREVOKE ALL ON DATABASE %s FROM PUBLIC;", provisioner_lazily(p), q.database);
    buf_printf(&b, "GRANT CONNECT ON DATABASE %s TO %s, %s;", q.database, q.login[0], q.login[1]);
    for (int i = 0; i < 2; i++)
        buf_printf(&b, "ALTER ROLE %s IN DATABASE %s SET search_path = " SCHEMA_TENANT ";",
                   q.login[i], q.database);
    buf_printf(&b, "ALTER DATABASE %s ALLOW_CONNECTIONS true", q.database);
    buf_char(&b, '\0');
    return sync_script(p->admin, "provision_access", b.ptr);
}

/* The login roles get rows, never tables. Tables of later migrations come with the same rights.
 * What a migration recorded is not theirs to change, and what the audit says is added and, when its
 * time has come, swept, but never rewritten. */
static void inside_script(struct buf *b, const struct quoted *q)
{
    static const char *const rights[] = {
        "GRANT USAGE ON SCHEMA " SCHEMA_TENANT " TO",
        "GRANT " ROW_RIGHTS " ON ALL TABLES IN SCHEMA " SCHEMA_TENANT " TO",
        "REVOKE INSERT, UPDATE, DELETE ON " SCHEMA_TENANT ".migration FROM",
        "REVOKE UPDATE ON " SCHEMA_TENANT ".audit FROM",
    };
    for (size_t i = 0; i < sizeof(rights) / sizeof(*rights); i++)
        buf_printf(b, "%s %s, %s;", rights[i], q->login[0], q->login[1]);
    buf_printf(b,
               "ALTER DEFAULT PRIVILEGES FOR ROLE %s IN SCHEMA " SCHEMA_TENANT " GRANT " ROW_RIGHTS
               " ON TABLES TO %s, %s",
               q->owner, q->login[0], q->login[1]);
    buf_char(b, '\0');
}

enum err provision_inside(struct provisioner *p, struct arena *a, const struct provision_row *row)
{
    PGconn *c;
    enum err e = provisioner_connect(p, str_z(a, row->database), &c);
    if (e != ERR_OK)
        return e;
    struct quoted q = quote(c, a, row);
    struct buf b;
    buf_init(&b, a, 2048);
    buf_printf(&b, "%s", provisioner_lazily(p));
    inside_script(&b, &q);
    e = sync_script(c, "provision_inside", b.ptr);
    sync_close(c);
    return e;
}
