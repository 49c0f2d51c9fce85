/* SPDX-License-Identifier: Apache-2.0
 *
 * Many tenants, few connections: the budget, eviction, waiting, back-off, and what a server that
 * refuses becomes.
 */
#include "support/check.h"

#include <pthread.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/coro.h"
#include "store/db.h"
#include "support/poll_loop.h"
#include "support/store_fixture.h"

enum { TENANTS = 10, BUDGET = 4 };

static struct fixture f;
static struct fixture_tenant tenants[TENANTS];

static enum err ask(const struct fixture_tenant *ft, enum sql sql, int64_t param)
{
    struct arena *a = arena_create(512);
    struct tenant *t = registry_by_id(id_str(&ft->id));
    struct db_query q = {sql, {db_int(param)}};
    enum err e = db_run(db_tenant(t), a, &q, 1, NULL);
    tenant_release(t);
    arena_destroy(a);
    return e;
}

struct call {
    const struct fixture_tenant *tenant;
    enum sql sql;
    int64_t param;
    enum err result;
    unsigned *left;
};

/* A slow machine may need longer to make room than a caller is made to wait. */
static enum err insist(const struct fixture_tenant *ft, enum sql sql, int64_t param)
{
    int64_t until = clock_mono_ms() + FIXTURE_PATIENCE_MS;
    enum err e;
    do
        e = ask(ft, sql, param);
    while (e == ERR_tenant_capacity && clock_mono_ms() < until);
    return e;
}

static void run_call(void *arg)
{
    struct call *c = arg;
    c->result = insist(c->tenant, c->sql, c->param);
    if (c->left)
        --*c->left;
}

static void run_once(void *arg)
{
    struct call *c = arg;
    c->result = ask(c->tenant, c->sql, c->param);
}

static enum err ask_one(const struct fixture_tenant *ft)
{
    struct call c = {ft, SQL_TEST_COUNT, 0, ERR_internal_error, NULL};
    fixture_run(&f, run_call, &c, 0);
    return c.result;
}

static bool none_left(void *arg)
{
    return *(unsigned *)arg == 0;
}

static int64_t backends(void)
{
    return fixture_number(&f, "SELECT count(*) FROM pg_stat_activity WHERE usename LIKE 'authd%%'");
}

/* Stops and starts the store: forgets connections and back-offs. */
static void reopen(void)
{
    fixture_close(&f);
    fixture_open(&f);
}

/* P1: more tenants than connections, one after the other, all served. */
static void test_P1_round_robin_within_the_budget(void **state)
{
    (void)state;
    for (int i = 0; i < 3 * TENANTS; i++) {
        assert_int_equal(ask_one(&tenants[i % TENANTS]), ERR_OK);
        assert_true(backends() <= BUDGET);
    }
    struct store_stats stats;
    store_stats(&stats);
    assert_true(stats.evicted >= 2 * TENANTS);
    assert_int_equal(stats.connections, BUDGET);
}

static bool is_connected(const struct fixture_tenant *t)
{
    return fixture_number(&f, "SELECT count(*) FROM pg_stat_activity WHERE datname = '%s'",
                          t->database) > 0;
}

static void test_least_recently_used_is_evicted(void **state)
{
    (void)state;
    reopen();
    for (int i = 0; i < BUDGET; i++)
        assert_int_equal(ask_one(&tenants[i]), ERR_OK);
    assert_int_equal(ask_one(&tenants[0]), ERR_OK); /* now 1 is the oldest */
    assert_int_equal(ask_one(&tenants[BUDGET]), ERR_OK);
    assert_true(is_connected(&tenants[0]));
    assert_false(is_connected(&tenants[1]));
}

/* P3: all tenants busy at once, several calls each: the server never sees more than the budget. */
static void test_P3_budget_under_load(void **state)
{
    (void)state;
    enum { CALLS = 20 * TENANTS };
    static struct call calls[CALLS];
    unsigned left = CALLS;
    reopen();
    for (int i = 0; i < CALLS; i++) {
        calls[i] =
            (struct call){&tenants[i % TENANTS], SQL_TEST_SLEEP, 2, ERR_internal_error, &left};
        coro_spawn(run_call, &calls[i], 0);
    }
    int64_t most = 0;
    while (left > 0) {
        fixture_sleep(&f, 5);
        int64_t now = backends();
        most = now > most ? now : most;
    }
    assert_in_range(most, 1, BUDGET);
    for (int i = 0; i < CALLS; i++)
        assert_int_equal(calls[i].result, ERR_OK);
}

/* Everything busy for longer than the longest wait, of a second. False when the machine stood still
 * until nothing was busy any more. */
static bool waits_for_room_in_vain(void)
{
    struct call busy[BUDGET];
    unsigned left = BUDGET;
    reopen();
    for (int i = 0; i < BUDGET; i++) {
        busy[i] = (struct call){&tenants[i], SQL_TEST_SLEEP, 5000, ERR_internal_error, &left};
        coro_spawn(run_call, &busy[i], 0);
    }
    int64_t start = clock_mono_ms();
    struct call late = {&tenants[BUDGET], SQL_TEST_COUNT, 0, ERR_internal_error, NULL};
    fixture_run(&f, run_once, &late, 0);
    int64_t waited_ms = clock_mono_ms() - start;
    poll_loop_run(f.loop, none_left, &left);
    if (waited_ms >= 5000)
        return false;
    assert_int_equal(late.result, ERR_tenant_capacity);
    assert_true(waited_ms >= 1000);
    for (int i = 0; i < BUDGET; i++)
        assert_int_equal(busy[i].result, ERR_OK);
    return true;
}

/* P1 */
static void test_P1_capacity(void **state)
{
    (void)state;
    int tries = 5;
    while (tries && !waits_for_room_in_vain())
        tries--;
    assert_true(tries);
    assert_int_equal(ask_one(&tenants[BUDGET]), ERR_OK);
}

/* P2 */
static bool nothing_is_open(void *arg)
{
    (void)arg;
    struct store_stats stats;
    store_stats(&stats);
    return stats.connections == 0 && stats.pools == 0;
}

static void test_P2_idle_connections_close(void **state)
{
    (void)state;
    f.config.idle_timeout_ms = 200;
    reopen();
    assert_int_equal(ask_one(&tenants[0]), ERR_OK);
    assert_true(fixture_until(&f, nothing_is_open, NULL));
    f.config.idle_timeout_ms = 300000;
}

/* P8 */

static void test_P8_missing_database(void **state)
{
    (void)state;
    struct fixture_tenant gone;
    fixture_add_rows(&f, "gone", &gone);
    reopen();
    assert_int_equal(ask_one(&gone), ERR_tenant_db_unavailable); /* no such role: 28P01 */
    fixture_sql(&f, "UPDATE tenant SET database_name = 'nowhere' WHERE id = '%s'", tenants[0].id.z);
    reopen();
    assert_int_equal(ask_one(&tenants[0]), ERR_tenant_not_provisioned); /* 3D000 */
    fixture_sql(&f, "UPDATE tenant SET database_name = '%s' WHERE id = '%s'", tenants[0].database,
                tenants[0].id.z);
}

static void test_P8_wrong_schema(void **state)
{
    (void)state;
    fixture_sql(&f, "ALTER ROLE %s IN DATABASE %s SET search_path = public", tenants[0].role[0],
                tenants[0].database);
    reopen();
    assert_int_equal(ask_one(&tenants[0]), ERR_tenant_not_provisioned);
    fixture_sql(&f, "ALTER ROLE %s IN DATABASE %s SET search_path = authd_data", tenants[0].role[0],
                tenants[0].database);
}

static void test_P8_role_connection_limit(void **state)
{
    (void)state;
    fixture_sql(&f, "ALTER ROLE %s CONNECTION LIMIT 0", tenants[0].role[0]);
    reopen();
    assert_int_equal(ask_one(&tenants[0]), ERR_tenant_db_unavailable); /* 53300 */
    fixture_sql(&f, "ALTER ROLE %s CONNECTION LIMIT -1", tenants[0].role[0]);
}

static uint64_t connect_failures(void)
{
    struct store_stats stats;
    store_stats(&stats);
    return stats.connect_failures;
}

static bool has_failed_to_connect(void *arg)
{
    assert_int_equal(ask_one(&tenants[0]), ERR_tenant_db_unavailable);
    return connect_failures() >= *(uint64_t *)arg;
}

/* P9: within the back-off, half a second and then twice that, a quarter more or less, the failure
 * is answered without another connect. */
static void test_P9_backoff(void **state)
{
    (void)state;
    fixture_sql(&f, "ALTER ROLE %s NOLOGIN", tenants[0].role[0]);
    reopen();
    uint64_t wanted = connect_failures() + 3;
    int64_t start = clock_mono_ms();
    assert_true(fixture_until(&f, has_failed_to_connect, &wanted));
    assert_int_equal(connect_failures(), wanted);
    assert_true(clock_mono_ms() - start >= 375 + 750);
    fixture_sql(&f, "ALTER ROLE %s LOGIN", tenants[0].role[0]);
    reopen();
    assert_int_equal(ask_one(&tenants[0]), ERR_OK);
}

/* The pool's: the janitor comes as the same role. */
static int64_t connections_of(const char *role)
{
    return fixture_number(&f,
                          "SELECT count(*) FROM pg_stat_activity"
                          " WHERE usename = '%s' AND application_name LIKE 'authd tnt%%'",
                          role);
}

static bool new_role_is_asked(void *arg)
{
    (void)arg;
    assert_int_equal(ask_one(&tenants[3]), ERR_OK);
    return connections_of(tenants[3].role[1]) > 0;
}

static bool old_role_is_gone(void *arg)
{
    (void)arg;
    return connections_of(tenants[3].role[0]) == 0;
}

/* One is enough; a connect that took too long leaves a backend behind for a while. */
static bool new_role_has_one(void *arg)
{
    (void)arg;
    return connections_of(tenants[3].role[1]) == 1;
}

/* A new route: calls go on, the new role's connection takes over. */
static void test_changed_route_replaces_connections(void **state)
{
    (void)state;
    reopen();
    assert_int_equal(ask_one(&tenants[3]), ERR_OK);
    struct tenant *old = registry_by_id(id_str(&tenants[3].id));
    fixture_sql(&f, "UPDATE tenant SET active_role = 2 WHERE id = '%s'", tenants[3].id.z);
    int64_t revision = fixture_change(&f, &tenants[3], true);
    assert_int_equal(store_start_background(), ERR_OK);
    struct store_stats stats;
    assert_true(fixture_until(&f, new_role_is_asked, NULL));
    assert_true(fixture_until(&f, old_role_is_gone, NULL));
    assert_true(fixture_until(&f, new_role_has_one, NULL));
    store_stats(&stats);
    assert_true(stats.feed_revision >= revision);
    tenant_release(old);
}

/* Two loops, one budget: what is idle on one gives way to the other. */

enum { LOOPS = 2, TURNS = 60 };

struct looper {
    pthread_t thread;
    unsigned index;
    unsigned good;
};

static void hammer(void *arg)
{
    struct looper *looper = arg;
    for (int i = 0; i < TURNS; i++)
        looper->good += insist(&tenants[i % TENANTS], SQL_TEST_COUNT, 0) == ERR_OK;
}

static bool none_runs(void *arg)
{
    return atomic_load((atomic_uint *)arg) == 0;
}

static void *loop_main(void *arg)
{
    static atomic_uint running = LOOPS;
    struct looper *looper = arg;
    struct loop *l = poll_loop_create(looper->index);
    store_loop_start(l);
    coro_spawn(hammer, looper, 0);
    poll_loop_run(l, NULL, NULL);
    atomic_fetch_sub(&running, 1);
    poll_loop_run(l, none_runs, &running); /* until then the other may ask for its connections */
    store_loop_stop(l);
    poll_loop_destroy(l);
    return NULL;
}

static void test_two_loops_share_the_budget(void **state)
{
    (void)state;
    struct looper loopers[LOOPS] = {{0}};
    fixture_close(&f);
    f.config.loops = LOOPS;
    f.config.connection_budget = 3;
    fixture_open_store(&f);
    for (unsigned i = 0; i < LOOPS; i++) {
        loopers[i].index = i;
        assert_int_equal(pthread_create(&loopers[i].thread, NULL, loop_main, &loopers[i]), 0);
    }
    int64_t most = 0;
    for (int i = 0; i < 20; i++) {
        int64_t now = backends();
        most = now > most ? now : most;
    }
    for (unsigned i = 0; i < LOOPS; i++)
        pthread_join(loopers[i].thread, NULL);
    assert_in_range(most, 0, 3);
    for (unsigned i = 0; i < LOOPS; i++)
        assert_int_equal(loopers[i].good, TURNS);
    fixture_close_store(&f);
    f.config.loops = 1;
    f.config.connection_budget = BUDGET;
    fixture_open(&f);
}

static int setup(void **state)
{
    (void)state;
    fixture_create(&f, "-c max_connections=30");
    for (int i = 0; i < TENANTS; i++) {
        char slug[16];
        snprintf(slug, sizeof(slug), "t%d", i);
        fixture_add_tenant(&f, slug, &tenants[i]);
    }
    f.config.connection_budget = BUDGET;
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
        cmocka_unit_test(test_P1_round_robin_within_the_budget),
        cmocka_unit_test(test_least_recently_used_is_evicted),
        cmocka_unit_test(test_P3_budget_under_load),
        cmocka_unit_test(test_P1_capacity),
        cmocka_unit_test(test_P2_idle_connections_close),
        cmocka_unit_test(test_P8_missing_database),
        cmocka_unit_test(test_P8_wrong_schema),
        cmocka_unit_test(test_P8_role_connection_limit),
        cmocka_unit_test(test_P9_backoff),
        cmocka_unit_test(test_changed_route_replaces_connections),
        cmocka_unit_test(test_two_loops_share_the_budget),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
