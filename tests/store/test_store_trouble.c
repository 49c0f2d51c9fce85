/* SPDX-License-Identifier: Apache-2.0
 *
 * Servers that crash, hang or change under a connection's feet.
 */
#include "support/check.h"

#include <signal.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/coro.h"
#include "store/db_internal.h"
#include "support/poll_loop.h"
#include "support/store_fixture.h"

static struct fixture f;
static struct fixture_tenant acme;

struct call {
    enum sql sql;
    int64_t param;
    enum err result;
    int64_t number;
};

static enum err ask(enum sql sql, int64_t param, int64_t *number)
{
    struct arena *a = arena_create(512);
    struct tenant *t = registry_by_id(id_str(&acme.id));
    struct db_query q = {sql, {db_int(param)}};
    const struct db_rows *rows[1];
    enum err e = db_run(db_tenant(t), a, &q, 1, rows);
    if (!e && number)
        *number = db_get_int(rows[0], 0, 0);
    tenant_release(t);
    arena_destroy(a);
    return e;
}

static void run_call(void *arg)
{
    struct call *c = arg;
    c->result = ask(c->sql, c->param, c->sql == SQL_TEST_STAR ? NULL : &c->number);
}

static struct call call(enum sql sql, int64_t param)
{
    struct call c = {.sql = sql, .param = param};
    fixture_run(&f, run_call, &c, 0);
    return c;
}

/* The only tenant connection, made to look as if it had been idle for a minute. */
static void age_connection(void)
{
    struct db_conn *found = NULL;
    list_for_each (at, &store_here->idle) {
        struct db_conn *c = container_of(at, struct db_conn, link);
        if (c->db->tenant)
            found = c;
    }
    assert_non_null(found);
    found->since_ms -= 60000;
}

/* Where a second counts, a machine that stands still for so long gets further tries. */
enum { TRIES = 5 };

static bool survives_its_probe(void)
{
    int64_t pid = call(SQL_TEST_PID, 0).number;
    age_connection();
    return call(SQL_TEST_PID, 0).number == pid;
}

static void test_P5_long_idle_connection_is_probed(void **state)
{
    (void)state;
    int tries = TRIES;
    while (tries && !survives_its_probe())
        tries--;
    assert_true(tries);
}

/* A stopped backend stands for a firewall that swallows everything. */
static void test_P5_silent_connection_is_replaced(void **state)
{
    (void)state;
    int64_t pid = call(SQL_TEST_PID, 0).number;
    age_connection();
    assert_int_equal(kill((pid_t)pid, SIGSTOP), 0);
    int64_t start = clock_mono_ms();
    struct call c = call(SQL_TEST_PID, 0);
    assert_int_equal(c.result, ERR_OK);
    assert_int_not_equal(c.number, pid);
    assert_true(clock_mono_ms() - start >= 1000);
    kill((pid_t)pid, SIGCONT);
}

static bool is_idle(void *arg)
{
    int64_t pid = *(int64_t *)arg;
    list_for_each (at, &store_here->idle) {
        struct db_conn *c = container_of(at, struct db_conn, link);
        if (PQbackendPID(c->pg) == pid && !c->proving)
            return true;
    }
    return false;
}

/* A caller with little time left, as after a long wait for a hash, proves nothing. */
static bool survives_an_impatient_caller(void)
{
    int64_t pid = call(SQL_TEST_PID, 0).number;
    struct call c = {.sql = SQL_TEST_PID};
    age_connection();
    int64_t start = clock_mono_ms();
    assert_int_equal(kill((pid_t)pid, SIGSTOP), 0);
    fixture_run(&f, run_call, &c, 50);
    assert_int_equal(c.result, ERR_tenant_db_unavailable);
    kill((pid_t)pid, SIGCONT);
    if (clock_mono_ms() - start >= 1000) /* the probe's own time was up, too */
        return false;
    return fixture_until(&f, is_idle, &pid);
}

static void test_P5_impatient_caller_leaves_the_connection_alone(void **state)
{
    (void)state;
    int tries = TRIES;
    while (tries && !survives_an_impatient_caller())
        tries--;
    assert_true(tries);
}

static bool answers(void *arg)
{
    (void)arg;
    return call(SQL_TEST_PID, 0).result == ERR_OK;
}

static struct io *no_descriptor(struct loop *l, int fd, io_fn fn, void *arg)
{
    (void)l, (void)fd, (void)fn, (void)arg;
    return NULL;
}

static void test_V13_out_of_descriptors_is_503(void **state)
{
    (void)state;
    fixture_close(&f);
    fixture_open(&f);
    const struct loop_ops *real = loop_current->ops;
    struct loop_ops poor = *real;
    poor.io_open = no_descriptor;
    loop_current->ops = &poor;
    assert_int_equal(call(SQL_TEST_PID, 0).result, ERR_tenant_db_unavailable);
    loop_current->ops = real;
    assert_true(fixture_until(&f, answers, NULL)); /* after the back-off */
}

static void test_stalled_connection_is_given_up(void **state)
{
    (void)state;
    int64_t patient = f.config.statement_timeout_ms;
    fixture_close(&f);
    f.config.statement_timeout_ms = 1000;
    fixture_open(&f);
    int64_t pid = call(SQL_TEST_PID, 0).number;
    assert_int_equal(kill((pid_t)pid, SIGSTOP), 0);
    int64_t start = clock_mono_ms();
    assert_int_equal(call(SQL_TEST_PID, 0).result, ERR_tenant_db_unavailable);
    assert_true(clock_mono_ms() - start >= 5000);
    struct call c = call(SQL_TEST_PID, 0);
    assert_int_equal(c.result, ERR_OK);
    assert_int_not_equal(c.number, pid);
    kill((pid_t)pid, SIGCONT);
    fixture_close(&f);
    f.config.statement_timeout_ms = patient;
    fixture_open(&f);
}

/* A plan that a migration made invalid costs one retryable answer. */
static void test_outdated_plan(void **state)
{
    (void)state;
    char url[PG_URL_MAX];
    pg_url(f.pg, acme.database, url);
    PGconn *c = PQconnectdb(url);
    assert_int_equal(call(SQL_TEST_STAR, 0).result, ERR_OK);
    PQclear(PQexec(c, "ALTER TABLE authd_data.password ADD COLUMN more text"));
    PQfinish(c);
    assert_int_equal(call(SQL_TEST_STAR, 0).result, ERR_tenant_db_unavailable);
    assert_int_equal(call(SQL_TEST_STAR, 0).result, ERR_OK);
}

/* Crash under load: nothing but 503, then recovery without a restart of ours. */

enum { CALLERS = 50 };
static bool stopping;
static unsigned counts[ERR_COUNT];

static void hammer(void *arg)
{
    (void)arg;
    while (!stopping) {
        counts[ask(SQL_TEST_SLEEP, 1, NULL)]++;
        coro_sleep(2);
    }
}

struct wanted {
    enum err e;
    unsigned n;
};

static bool has_counted(void *arg)
{
    const struct wanted *w = arg;
    return counts[w->e] >= w->n;
}

static void test_crash_under_load(void **state)
{
    (void)state;
    stopping = false;
    for (int i = 0; i < CALLERS; i++)
        coro_spawn(hammer, NULL, 0);
    assert_true(fixture_until(&f, has_counted, &(struct wanted){ERR_OK, CALLERS}));
    pg_halt(f.pg, true);
    assert_true(fixture_until(&f, has_counted, &(struct wanted){ERR_tenant_db_unavailable, 1}));
    pg_resume(f.pg);
    PQreset(f.control);
    struct wanted recovery = {ERR_OK, counts[ERR_OK] + CALLERS};
    assert_true(fixture_until(&f, has_counted, &recovery));
    stopping = true;
    poll_loop_run(f.loop, NULL, NULL);
    for (int e = 0; e < ERR_COUNT; e++) {
        if (e != ERR_OK && e != ERR_tenant_db_unavailable)
            assert_int_equal(counts[e], 0);
    }
}

static int setup(void **state)
{
    (void)state;
    fixture_create(&f, "");
    fixture_add_tenant(&f, "acme", &acme);
    fixture_open(&f);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fixture_close(&f);
    fixture_destroy(&f);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_P5_long_idle_connection_is_probed),
        cmocka_unit_test(test_P5_silent_connection_is_replaced),
        cmocka_unit_test(test_P5_impatient_caller_leaves_the_connection_alone),
        cmocka_unit_test(test_V13_out_of_descriptors_is_503),
        cmocka_unit_test(test_stalled_connection_is_given_up),
        cmocka_unit_test(test_outdated_plan),
        cmocka_unit_test(test_crash_under_load),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
