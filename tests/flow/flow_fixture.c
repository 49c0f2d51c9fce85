/* SPDX-License-Identifier: Apache-2.0
 *
 * The fixture of the flow tests.
 */
#include "flow/flow_fixture.h"

#include <semaphore.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/coro.h"
#include "base/json.h"
#include "crypto/pwhash.h"
#include "flow/me.h"
#include "flow/refresh.h"
#include "flow/sign_in.h"
#include "flow/sign_up.h"
#include "store/db_sync.h"
#include "support/poll_loop.h"

struct flow_fixture fx;

const char *err_name(enum err e)
{
    return e == ERR_OK ? "ok" : err_rows[e].code;
}

static void add_client(const struct fixture_tenant *t)
{
    struct id id = id_new("cli_", clock_wall_ms() + 1000);
    fixture_sql(&fx.store,
                "INSERT INTO client (id, tenant_id, name, type, revision, created_at, updated_at)"
                " VALUES ('%s', '%s', 'second', 'spa', 1, now(), now())",
                id.z, t->id.z);
}

static PGconn *look_into(const struct fixture_tenant *t)
{
    char url[PG_URL_MAX];
    PGconn *c;
    pg_url(fx.store.pg, t->database, url);
    assert_int_equal(sync_connect(&(struct sync_target){.url = url, .schema = "authd_data"}, &c),
                     ERR_OK);
    return c;
}

int flow_setup(void **state)
{
    (void)state;
    json_setup();
    fixture_create(&fx.store, "");
    assert_int_equal(pwhash_setup(true), ERR_OK);
    fixture_add_tenant(&fx.store, "acme", &fx.acme);
    fixture_add_tenant(&fx.store, "globex", &fx.globex);
    add_client(&fx.acme);
    add_client(&fx.globex);
    fixture_open(&fx.store);
    fx.a = registry_by_slug(STR("acme"));
    fx.b = registry_by_slug(STR("globex"));
    fx.db_a = look_into(&fx.acme);
    fx.db_b = look_into(&fx.globex);
    fx.arena = arena_create(65536);
    flow_config.hashers = workers_create("hash", 2, 4096, 0, NULL);
    return 0;
}

int flow_teardown(void **state)
{
    (void)state;
    workers_destroy(flow_config.hashers);
    arena_destroy(fx.arena);
    sync_close(fx.db_a);
    sync_close(fx.db_b);
    tenant_release(fx.a);
    tenant_release(fx.b);
    verify_cache_thread_cleanup();
    fixture_close(&fx.store);
    fixture_destroy(&fx.store);
    return 0;
}

static void reset_tenant(struct tenant *t, PGconn *db)
{
    policy_defaults(&t->policy);
    t->policy.rate_limit_identifier = 0;
    t->status = TENANT_ACTIVE;
    sql(db, "TRUNCATE app_user, password, session, attempt, audit");
}

int flow_reset(void **state)
{
    (void)state;
    reset_tenant(fx.a, fx.db_a);
    reset_tenant(fx.b, fx.db_b);
    arena_reset(fx.arena);
    fx.now = clock_wall_ms();
    return 0;
}

struct call *call_new(const struct tenant *t, const void *in, void *out)
{
    struct call *c = arena_new(fx.arena, struct call);
    *c = (struct call){
        .arena = fx.arena,
        .now = fx.now,
        .request_id = STR("req_test"),
        .address = STR("192.0.2.7"),
        .user_agent = STR("test/1"),
        .tenant = t,
        .client = t ? &t->clients[0] : NULL,
        .key_kind = t ? KEY_PUBLISHABLE : KEY_NONE,
        .in = in,
        .out = out,
    };
    c->problems.arena = fx.arena;
    return c;
}

struct run {
    struct call *call;
    struct str token;
    flow_fn fn;
    enum err result;
};

static void run_flow(void *arg)
{
    struct run *r = arg;
    r->result = ERR_OK;
    if (str_is_set(r->token))
        r->result = authenticate_user(r->call, r->token);
    if (r->result == ERR_OK)
        r->result = r->fn(r->call);
}

/* Inside a coroutine already (in_parallel): just call. */
static enum err run(struct run *r)
{
    if (coro_current())
        run_flow(r);
    else
        fixture_run(&fx.store, run_flow, r, FIXTURE_PATIENCE_MS);
    return r->result;
}

enum err call_run(struct call *c, flow_fn fn)
{
    return run(&(struct run){.call = c, .fn = fn});
}

enum err call_run_user(struct call *c, struct str token, flow_fn fn)
{
    return run(&(struct run){.call = c, .token = token, .fn = fn});
}

enum err do_sign_up(const struct tenant *t, const char *email, const char *password,
                    struct signed_in *out)
{
    struct sign_up_request in = {.email = str_of(email), .password = str_of(password)};
    *out = (struct signed_in){0};
    return call_run(call_new(t, &in, out), sign_up);
}

enum err do_sign_in(const struct tenant *t, const char *email, const char *password,
                    struct signed_in *out)
{
    struct sign_in_request in = {.email = str_of(email), .password = str_of(password)};
    *out = (struct signed_in){0};
    return call_run(call_new(t, &in, out), sign_in);
}

enum err do_refresh(const struct tenant *t, struct str token, struct session_tokens *out)
{
    struct refresh_token_request in = {token};
    *out = (struct session_tokens){0};
    return call_run(call_new(t, &in, out), refresh);
}

enum err do_me(const struct tenant *t, struct str token)
{
    struct user_view out;
    return call_run_user(call_new(t, NULL, &out), token, me_read);
}

struct signed_in new_user(const struct tenant *t, const char *email, const char *password)
{
    struct signed_in out;
    check_err(do_sign_up(t, email, password, &out), ERR_OK);
    return out;
}

struct parallel {
    void (*fn)(size_t i);
    size_t i;
};

static void run_parallel(void *arg)
{
    struct parallel *p = arg;
    p->fn(p->i);
}

void in_parallel(size_t n, void (*fn)(size_t i))
{
    struct parallel *all = calloc(n, sizeof(*all));
    assert_non_null(all);
    for (size_t i = 0; i < n; i++) {
        all[i] = (struct parallel){fn, i};
        coro_spawn(run_parallel, &all[i], clock_mono_ms() + 5 * FIXTURE_PATIENCE_MS);
    }
    poll_loop_run(fx.store.loop, NULL, NULL);
    free(all);
}

bool told_to_come_again(enum err e)
{
    if (err_rows[e].status != 503 || clock_mono_ms() >= coro_deadline())
        return false;
    coro_sleep(20);
    return true;
}

uint64_t hashes(void)
{
    struct worker_stats s = workers_stats(flow_config.hashers);
    return s.done + s.running + s.queued;
}

static sem_t gate;

static void wait_at_gate(struct worker_job *job)
{
    (void)job;
    sem_wait(&gate);
}

struct workers *held_workers(unsigned queue_max)
{
    static struct worker_job job;
    struct workers *w = workers_create("held", 1, queue_max, 0, NULL);
    job = (struct worker_job){.fn = wait_at_gate};
    sem_init(&gate, 0, 0);
    assert_int_equal(worker_submit(w, 0, &job), ERR_OK);
    while (workers_stats(w).running == 0)
        usleep(1000);
    return w;
}

void let_go(void)
{
    sem_post(&gate);
}

__attribute__((format(printf, 2, 0))) static PGresult *query(PGconn *db, const char *format,
                                                             va_list args)
{
    char statement[2048];
    vsnprintf(statement, sizeof(statement), format, args);
    PGresult *r = PQexec(db, statement);
    ExecStatusType status = PQresultStatus(r);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        fail_msg("%s: %s", statement, PQerrorMessage(db));
    return r;
}

struct str text(PGconn *db, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    PGresult *r = query(db, format, args);
    va_end(args);
    struct str out = STR_NONE;
    if (PQntuples(r) > 0 && !PQgetisnull(r, 0, 0))
        out = str_copy(fx.arena, str_of(PQgetvalue(r, 0, 0)));
    PQclear(r);
    return out;
}

int64_t number(PGconn *db, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    PGresult *r = query(db, format, args);
    va_end(args);
    int64_t n = PQntuples(r) > 0 ? strtoll(PQgetvalue(r, 0, 0), NULL, 10) : 0;
    PQclear(r);
    return n;
}

void sql(PGconn *db, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    PQclear(query(db, format, args));
    va_end(args);
}

struct str claim(struct str access_token, const char *name)
{
    json_t *payload;
    struct str out = STR_NONE;
    assert_int_equal(json_read(token_payload(fx.arena, access_token), &payload), ERR_OK);
    const json_t *value = json_object_get(payload, name);
    if (json_is_string(value))
        out = str_copy(fx.arena, json_text(value));
    json_decref(payload);
    return out;
}
