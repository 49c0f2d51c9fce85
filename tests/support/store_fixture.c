/* SPDX-License-Identifier: Apache-2.0
 *
 * Tenants are cloned from one migrated template database; roles, grants and settings are what
 * provisioning makes.
 */
#include "support/store_fixture.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/coro.h"
#include "base/log.h"
#include "crypto/jwt.h"
#include "crypto/seal.h"
#include "crypto/token.h"
#include "store/db_sync.h"
#include "store/envelope.h"
#include "store/migrate.h"
#include "support/poll_loop.h"

static void must(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "fixture: %s\n", what);
    abort();
}

static __attribute__((format(printf, 2, 0))) PGresult *query(PGconn *c, const char *format,
                                                             va_list args)
{
    char text[4096];
    int n = vsnprintf(text, sizeof(text), format, args);
    must(n >= 0 && (size_t)n < sizeof(text), "statement too long");
    PGresult *r = PQexec(c, text);
    ExecStatusType status = PQresultStatus(r);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        fprintf(stderr, "%s: %s\n", text, PQerrorMessage(c));
    must(status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK, "statement");
    return r;
}

void fixture_sql(struct fixture *f, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    PQclear(query(f->control, format, args));
    va_end(args);
}

int64_t fixture_number(struct fixture *f, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    PGresult *r = query(f->control, format, args);
    va_end(args);
    must(PQntuples(r) > 0, "no row");
    int64_t n = strtoll(PQgetvalue(r, 0, 0), NULL, 10);
    PQclear(r);
    return n;
}

static PGconn *connect_to(struct fixture *f, const char *dbname)
{
    char url[PG_URL_MAX];
    PGconn *c;
    pg_url(f->pg, dbname, url);
    must(sync_connect(&(struct sync_target){.url = url}, &c) == ERR_OK, "connect");
    return c;
}

static void migrate(struct fixture *f, const char *dbname, const char *plane)
{
    PGconn *c = connect_to(f, dbname);
    must(migrate_run(c, plane, NULL) == ERR_OK, "migrate");
    sync_close(c);
}

static void create_databases(struct fixture *f)
{
    PGconn *c = connect_to(f, "postgres");
    must(sync_script(c, "create", "CREATE DATABASE control") == ERR_OK, "create");
    must(sync_script(c, "create", "CREATE DATABASE tenant_template") == ERR_OK, "create");
    sync_close(c);
    migrate(f, "control", "control");
    migrate(f, "tenant_template", "tenant");
}

static void hex_literal(char *out, const void *bytes, size_t n)
{
    hex_encode(out, bytes, n);
    out[2 * n] = '\0';
}

static void create_instance(struct fixture *f)
{
    uint8_t sealed[SEALED_KEY_CHECK_LEN];
    char hex[2 * sizeof(sealed) + 1];
    random_bytes(f->root_key, sizeof(f->root_key));
    envelope_key_check_seal(f->root_key, STR("ins_test"), sealed);
    hex_literal(hex, sealed, sizeof(sealed));
    fixture_sql(f,
                "INSERT INTO instance (id, key_check, created_at)"
                " VALUES ('ins_test', '\\x%s', now())",
                hex);
}

void fixture_create(struct fixture *f, const char *settings)
{
    *f = (struct fixture){.pg = pg_start(settings, false)};
    log_setup(LOG_ERROR, false, 2);
    must(crypto_setup() == ERR_OK, "crypto");
    create_databases(f);
    pg_url(f->pg, "control", f->control_url);
    f->control = connect_to(f, "control");
    fixture_sql(f, "SET search_path = authd_control");
    create_instance(f);
    f->config = (struct store_config){.control_url = f->control_url,
                                      .root_key = f->root_key,
                                      .public_url = "https://auth.example.com",
                                      .loops = 1,
                                      .connection_budget = 20,
                                      .connections_per_tenant = 4,
                                      .idle_timeout_ms = 300000,
                                      .statement_timeout_ms = 20000,
                                      .connect_timeout_ms = 30000};
}

void fixture_destroy(struct fixture *f)
{
    sync_close(f->control);
    pg_destroy(f->pg);
}

/* Rows */

struct secrets {
    char key[2 * WRAPPED_KEY_LEN + 1];
    char passwords[2 * SEALED_PASSWORDS_LEN + 1];
    char signing[2 * SEALED_SIGNING_LEN + 1];
    char public_key[65];
    char plain[2][44];
};

static void make_secrets(struct fixture *f, struct fixture_tenant *t, struct secrets *s)
{
    uint8_t key[SEAL_KEY_LEN], public_key[32], secret[64];
    uint8_t wrapped[WRAPPED_KEY_LEN], passwords[SEALED_PASSWORDS_LEN], signing[SEALED_SIGNING_LEN];
    char both[DB_PASSWORDS_LEN];
    random_bytes(key, sizeof(key));
    envelope_tenant_key_wrap(f->root_key, id_str(&t->id), key, wrapped);
    random_password(s->plain[0]);
    random_password(s->plain[1]);
    memcpy(both, s->plain[0], DB_PASSWORD_LEN);
    memcpy(both + DB_PASSWORD_LEN, s->plain[1], DB_PASSWORD_LEN);
    envelope_passwords_seal(key, id_str(&t->id), both, passwords);
    ed25519_generate(public_key, secret);
    envelope_signing_seal(key, id_str(&t->id), id_str(&t->kid), secret, signing);
    hex_literal(s->key, wrapped, sizeof(wrapped));
    hex_literal(s->passwords, passwords, sizeof(passwords));
    hex_literal(s->signing, signing, sizeof(signing));
    hex_literal(s->public_key, public_key, sizeof(public_key));
}

static void insert_rows(struct fixture *f, const struct fixture_tenant *t, const struct secrets *s)
{
    char hash[65];
    hex_literal(hash, t->key_hash, sizeof(t->key_hash));
    fixture_sql(f,
                "INSERT INTO tenant (id, slug, name, status, issuer, wrapped_key, database_name,"
                " owner_role, login_roles, sealed_passwords, created_at, updated_at, sweep_due_at)"
                " VALUES ('%s', '%s', '%s', 'active', 'https://auth.example.com/t/%s', '\\x%s',"
                " '%s', 'postgres', ARRAY['%s', '%s'], '\\x%s', now(), now(), now())",
                t->id.z, t->slug, t->slug, t->slug, s->key, t->database, t->role[0], t->role[1],
                s->passwords);
    fixture_sql(f,
                "INSERT INTO client (id, tenant_id, name, type, revision, created_at, updated_at)"
                " VALUES ('%s', '%s', 'web', 'web', 1, now(), now());"
                "INSERT INTO client_key (id, client_id, tenant_id, kind, hash, hint, created_at)"
                " VALUES ('%s', '%s', '%s', 'publishable', '\\x%s', 'pk', now());"
                "INSERT INTO signing_key (kid, tenant_id, algorithm, public_key, sealed_secret,"
                " published_at, signs_at, created_at)"
                " VALUES ('%s', '%s', 'EdDSA', '\\x%s', '\\x%s', now() - interval '1 minute',"
                " now() - interval '1 minute', now())",
                t->client.z, t->id.z, t->key_id.z, t->client.z, t->id.z, hash, t->kid.z, t->id.z,
                s->public_key, s->signing);
}

static void name_all(struct fixture_tenant *t, const char *slug)
{
    int64_t now = clock_wall_ms();
    *t = (struct fixture_tenant){.id = id_new("tnt_", now),
                                 .client = id_new("cli_", now),
                                 .key_id = id_new("key_", now),
                                 .kid = id_new("key_", now)};
    random_bytes(t->key_hash, sizeof(t->key_hash));
    snprintf(t->slug, sizeof(t->slug), "%s", slug);
    snprintf(t->database, sizeof(t->database), "authd_%s", slug);
    snprintf(t->role[0], sizeof(t->role[0]), "authd_%s_a", slug);
    snprintf(t->role[1], sizeof(t->role[1]), "authd_%s_b", slug);
}

void fixture_add_rows(struct fixture *f, const char *slug, struct fixture_tenant *out)
{
    struct secrets s;
    name_all(out, slug);
    make_secrets(f, out, &s);
    insert_rows(f, out, &s);
    fixture_change(f, out, false);
}

static void create_role(struct fixture *f, const struct fixture_tenant *t, const char *role,
                        const char *password)
{
    char verifier[SCRAM_VERIFIER_MAX];
    scram_verifier(str_of(password), verifier);
    fixture_sql(f, "CREATE ROLE %s LOGIN PASSWORD '%s'", role, verifier);
    fixture_sql(f, "ALTER ROLE %s IN DATABASE %s SET search_path = authd_data", role, t->database);
}

static void grant(struct fixture *f, const struct fixture_tenant *t)
{
    char script[512];
    PGconn *c = connect_to(f, t->database);
    snprintf(script, sizeof(script),
             "GRANT USAGE ON SCHEMA authd_data TO %s, %s;"
             "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA authd_data TO %s, %s",
             t->role[0], t->role[1], t->role[0], t->role[1]);
    must(sync_script(c, "grant", script) == ERR_OK, "grant");
    sync_close(c);
}

void fixture_add_tenant(struct fixture *f, const char *slug, struct fixture_tenant *out)
{
    struct secrets s;
    name_all(out, slug);
    make_secrets(f, out, &s);
    fixture_sql(f, "CREATE DATABASE %s TEMPLATE tenant_template", out->database);
    create_role(f, out, out->role[0], s.plain[0]);
    create_role(f, out, out->role[1], s.plain[1]);
    grant(f, out);
    insert_rows(f, out, &s);
    fixture_change(f, out, false);
}

int64_t fixture_change(struct fixture *f, const struct fixture_tenant *t, bool notify)
{
    fixture_sql(f, "BEGIN");
    int64_t revision =
        fixture_number(f, "UPDATE feed_head SET revision = revision + 1 RETURNING revision");
    fixture_sql(f,
                "INSERT INTO change (revision, tenant_id, kind, at)"
                " VALUES (%ld, nullif('%s', ''), 'test', now())",
                (long)revision, t ? t->id.z : "");
    if (t)
        fixture_sql(f, "UPDATE tenant SET revision = %ld WHERE id = '%s'", (long)revision, t->id.z);
    if (notify)
        fixture_sql(f, "NOTIFY authd_change");
    fixture_sql(f, "COMMIT");
    return revision;
}

/* The store */

void fixture_open_store(struct fixture *f)
{
    f->config.connectors = workers_create("connect", 2, 1000, 0, NULL);
    must(store_open(&f->config) == ERR_OK, "store_open");
}

void fixture_close_store(struct fixture *f)
{
    store_close();
    workers_destroy(f->config.connectors);
}

void fixture_open(struct fixture *f)
{
    fixture_open_store(f);
    f->loop = poll_loop_create(0);
    store_loop_start(f->loop);
}

void fixture_close(struct fixture *f)
{
    store_loop_stop(f->loop);
    poll_loop_destroy(f->loop);
    fixture_close_store(f);
}

struct runner {
    void (*fn)(void *);
    void *arg;
    bool done;
};

static void run_main(void *arg)
{
    struct runner *r = arg;
    r->fn(r->arg);
    r->done = true;
}

static bool is_done(void *arg)
{
    struct runner *r = arg;
    return r->done;
}

void fixture_run(struct fixture *f, void (*fn)(void *), void *arg, int64_t deadline_ms)
{
    struct runner r = {fn, arg, false};
    coro_spawn(run_main, &r, deadline_ms ? clock_mono_ms() + deadline_ms : 0);
    poll_loop_run(f->loop, is_done, &r);
}

/* A machine that was frozen or suspended meanwhile has waited for so long at most. */
enum { STOOD_STILL_MS = 1000 };

bool fixture_until(struct fixture *f, bool (*holds)(void *), void *arg)
{
    int64_t left_ms = FIXTURE_PATIENCE_MS;
    int64_t asked_ms = clock_mono_ms();
    while (!holds(arg)) {
        if (left_ms < 0)
            return false;
        fixture_sleep(f, 5);
        int64_t took_ms = clock_mono_ms() - asked_ms;
        left_ms -= took_ms < STOOD_STILL_MS ? took_ms : STOOD_STILL_MS;
        asked_ms += took_ms;
    }
    return true;
}

static void sleep_ms(void *arg)
{
    coro_sleep(*(int64_t *)arg);
}

void fixture_sleep(struct fixture *f, int64_t ms)
{
    fixture_run(f, sleep_ms, &ms, 0);
}
