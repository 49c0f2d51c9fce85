/* SPDX-License-Identifier: Apache-2.0
 *
 * See control_fixture.h.
 */
#include "support/control_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "crypto/seal.h"
#include "store/control_init.h"
#include "store/db_sync.h"
#include "store/envelope.h"
#include "store/feed.h"

struct call control_last;
const char *control_if_match;

static struct arena *memory;
static struct operator_entry operator;

static void must(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "control fixture: %s\n", what);
    abort();
}

void control_join(struct fixture *f)
{
    must(sync_connect(&(struct sync_target){.url = f->control_url, .schema = "authd_control"},
                      &f->control) == ERR_OK,
         "connect");
    fixture_open(f);
    must(feed_start() == ERR_OK, "feed");
    flow_config = (struct flow_config){.public_url = f->config.public_url};
    memory = arena_create(64 * 1024);
}

void control_leave(struct fixture *f)
{
    arena_destroy(memory);
    fixture_close(f);
    sync_close(f->control);
}

static void operator_find(struct fixture *f)
{
    PGresult *r = PQexec(f->control, "SELECT o.id, k.id FROM operator o JOIN operator_key k"
                                     " ON k.operator_id = o.id");
    must(PQntuples(r) == 1, "first operator");
    id_parse(str_of(PQgetvalue(r, 0, 0)), "adm_", &operator.operator_id);
    id_parse(str_of(PQgetvalue(r, 0, 1)), "key_", &operator.key_id);
    operator.may_write = true;
    PQclear(r);
}

void control_create(struct fixture *f, const char *settings)
{
    char admin[PG_URL_MAX];
    char key[KEY_TEXT_MAX + 1];
    bool created;
    *f = (struct fixture){.pg = pg_start(settings, false)};
    log_setup(LOG_ERROR, false, 2);
    json_setup();
    must(crypto_setup() == ERR_OK, "crypto");
    random_bytes(f->root_key, sizeof(f->root_key));
    pg_url(f->pg, "postgres", admin);
    pg_url(f->pg, "control", f->control_url);
    must(control_init(admin, "control", f->root_key, key, &created) == ERR_OK && created, "init");
    f->config = (struct store_config){.control_url = f->control_url,
                                      .root_key = f->root_key,
                                      .public_url = "https://auth.example.com",
                                      .loops = 1,
                                      .connection_budget = 20,
                                      .connections_per_tenant = 4,
                                      .idle_timeout_ms = 300000,
                                      .statement_timeout_ms = 20000,
                                      .connect_timeout_ms = 30000,
                                      .audit_retention_s = 365 * 86400};
    control_join(f);
    operator_find(f);
}

void control_destroy(struct fixture *f)
{
    control_leave(f);
    pg_destroy(f->pg);
}

void control_reset(void)
{
    arena_reset(memory);
}

struct runner {
    flow_fn flow;
    enum err result;
};

static void call_run(void *arg)
{
    struct runner *r = arg;
    r->result = r->flow(&control_last);
}

enum err control_call(struct fixture *f, flow_fn flow, const void *in, void *out)
{
    struct runner r = {.flow = flow};
    control_last = (struct call){
        .arena = memory,
        .now = clock_wall_ms(),
        .request_id = STR("req_test"),
        .address = STR("192.0.2.1"),
        .operator= & operator,
        .in = in,
        .out = out,
        .problems = {.arena = memory},
        .if_match = str_of(control_if_match),
    };
    fixture_run(f, call_run, &r, 5 * FIXTURE_PATIENCE_MS);
    return r.result;
}

struct tenant_created control_tenant(struct fixture *f, const char *slug)
{
    struct tenant_create_in in = {.slug = str_of(slug)};
    struct tenant_created out = {0};
    must(control_call(f, tenant_create_flow, &in, &out) == ERR_OK, "tenant_create");
    must(str_eqz(out.record.status, "active"), "tenant active");
    return out;
}

static void password_of(struct fixture *f, PGresult *r, const char *tenant_id, int role,
                        char out[DB_PASSWORD_LEN + 1])
{
    uint8_t key[SEAL_KEY_LEN];
    char both[DB_PASSWORDS_LEN];
    struct str wrapped = {PQgetvalue(r, 0, 2), (size_t)PQgetlength(r, 0, 2)};
    struct str sealed = {PQgetvalue(r, 0, 3), (size_t)PQgetlength(r, 0, 3)};
    must(envelope_tenant_key_unwrap(f->root_key, str_of(tenant_id), wrapped, key) == ERR_OK, "key");
    must(envelope_passwords_open(key, str_of(tenant_id), sealed, both) == ERR_OK, "passwords");
    memcpy(out, both + role * DB_PASSWORD_LEN, DB_PASSWORD_LEN);
    out[DB_PASSWORD_LEN] = '\0';
}

PGconn *control_role_connect(struct fixture *f, const char *tenant_id, int role,
                             const char *database)
{
    char sql[256];
    char password[DB_PASSWORD_LEN + 1];
    snprintf(sql, sizeof(sql),
             "SELECT database_name, login_roles[%d], wrapped_key, sealed_passwords"
             " FROM tenant WHERE id = '%s'",
             role + 1, tenant_id);
    PGresult *r = PQexecParams(f->control, sql, 0, NULL, NULL, NULL, NULL, 1);
    must(PQntuples(r) == 1, "tenant row");
    password_of(f, r, tenant_id, role, password);
    const char *keys[] = {"dbname", "user", "password", "dbname", NULL};
    const char *values[] = {f->control_url, PQgetvalue(r, 0, 1), password,
                            database ? database : PQgetvalue(r, 0, 0), NULL};
    PGconn *c = PQconnectdbParams(keys, values, 1);
    PQclear(r);
    return c;
}

void control_check_served(struct fixture *f, const char *slug)
{
    char sql[160];
    snprintf(sql, sizeof(sql),
             "SELECT id FROM tenant WHERE slug = '%s' AND status = 'active' AND provision_step = 4",
             slug);
    PGresult *r = PQexec(f->control, sql);
    must(PQntuples(r) == 1, "tenant is not active");
    for (int role = 0; role < 2; role++) {
        PGconn *c = control_role_connect(f, PQgetvalue(r, 0, 0), role, NULL);
        PGresult *users = PQexec(c, "SELECT count(*) FROM app_user");
        must(PQresultStatus(users) == PGRES_TUPLES_OK, "tenant's role cannot read");
        PQclear(users);
        PQfinish(c);
    }
    PQclear(r);
}
