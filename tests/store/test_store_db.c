/* SPDX-License-Identifier: Apache-2.0
 *
 * db_run against a real server: values, transactions, pipelining, what failures become.
 */
#include "support/check.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/coro.h"
#include "store/db.h"
#include "support/poll_loop.h"
#include "support/store_fixture.h"

static struct fixture f;
static struct fixture_tenant acme;

static struct tenant *tenant(void)
{
    struct tenant *t = registry_by_id(id_str(&acme.id));
    assert_non_null(t);
    return t;
}

/* One db_run on acme's database. */
struct job {
    const struct db_query *queries;
    size_t n;
    const struct db_rows *rows[DB_BATCH_MAX];
    struct arena *arena;
    enum err result;
};

static void run_job(void *arg)
{
    struct job *job = arg;
    struct tenant *t = tenant();
    job->result = db_run(db_tenant(t), job->arena, job->queries, job->n, job->rows);
    tenant_release(t);
}

static struct job job_with(const struct db_query *queries, size_t n, int64_t deadline_ms)
{
    struct job job = {.queries = queries, .n = n, .arena = arena_create(1024)};
    fixture_run(&f, run_job, &job, deadline_ms);
    return job;
}

static enum err run_only(const struct db_query *queries, size_t n)
{
    struct job job = job_with(queries, n, 0);
    arena_destroy(job.arena);
    return job.result;
}

static int64_t run_number(enum sql sql)
{
    struct job job = job_with(&(struct db_query){.sql = sql}, 1, 0);
    assert_int_equal(job.result, ERR_OK);
    int64_t n = db_get_int(job.rows[0], 0, 0);
    arena_destroy(job.arena);
    return n;
}

static struct db_query insert(const char *id, const char *email)
{
    return (struct db_query){SQL_TEST_INSERT, {db_text(str_of(id)), db_text(str_of(email))}};
}

static void test_values_travel_both_ways(void **state)
{
    (void)state;
    int64_t now = 1795300000123;
    struct db_query q = {SQL_TEST_ECHO,
                         {db_text(STR("gr\xc3\xbc\xc3\x9f dich")), db_int(-5), db_bool(true),
                          db_time(now), db_bytes("\0\1\2", 3), db_json(STR("{\"a\": 1}"))}};
    struct job job = job_with(&q, 1, 0);
    assert_int_equal(job.result, ERR_OK);
    assert_int_equal(db_count(job.rows[0]), 1);
    check_str(db_get_text(job.rows[0], 0, 0), "gr\xc3\xbc\xc3\x9f dich");
    assert_int_equal(db_get_int(job.rows[0], 0, 1), -5);
    assert_true(db_get_bool(job.rows[0], 0, 2));
    assert_int_equal(db_get_time(job.rows[0], 0, 3), now);
    check_str(db_get_text(job.rows[0], 0, 4), "\0\1\2");
    check_str(db_get_text(job.rows[0], 0, 5), "{\"a\": 1}");
    arena_destroy(job.arena);
}

static void test_null_is_told_apart(void **state)
{
    (void)state;
    struct db_query q = {
        SQL_TEST_ECHO,
        {db_text(STR_NONE), db_null(), db_null(), db_time(0), db_null(), db_json(STR_NONE)}};
    struct job job = job_with(&q, 1, 0);
    assert_int_equal(job.result, ERR_OK);
    for (int col = 0; col < 6; col++)
        assert_true(db_is_null(job.rows[0], 0, col));
    assert_null(db_get_text(job.rows[0], 0, 0).ptr);
    assert_int_equal(db_get_time(job.rows[0], 0, 3), 0);
    arena_destroy(job.arena);
    q.params[0] = db_text((struct str){"", 0});
    job = job_with(&q, 1, 0);
    assert_false(db_is_null(job.rows[0], 0, 0));
    arena_destroy(job.arena);
}

/* V13: time before 1970 and 2000 rounds towards the past. */
static void test_old_times(void **state)
{
    (void)state;
    struct db_query q = {SQL_TEST_ECHO, {db_null(), db_null(), db_null(), db_time(-1)}};
    struct job job = job_with(&q, 1, 0);
    assert_int_equal(db_get_time(job.rows[0], 0, 3), -1);
    arena_destroy(job.arena);
}

static void test_batch_is_one_transaction(void **state)
{
    (void)state;
    int64_t before = run_number(SQL_TEST_COUNT);
    struct db_query queries[] = {insert("u1", "one"), insert("u2", "two"), insert("u1", "again"),
                                 insert("u3", "three")};
    assert_int_equal(run_only(queries, 4), ERR_conflict);
    assert_int_equal(run_number(SQL_TEST_COUNT), before);
    assert_int_equal(run_only(queries, 2), ERR_OK);
    assert_int_equal(run_number(SQL_TEST_COUNT), before + 2);
}

static void test_affected_rows(void **state)
{
    (void)state;
    struct db_query q = insert("u7", "seven");
    struct job job = job_with(&q, 1, 0);
    assert_int_equal(job.result, ERR_OK);
    assert_int_equal(db_affected(job.rows[0]), 1);
    assert_int_equal(db_count(job.rows[0]), 0);
    arena_destroy(job.arena);
}

static void test_defect_is_internal_error(void **state)
{
    (void)state;
    struct db_query q = {SQL_TEST_DIVIDE, {db_int(0)}};
    assert_int_equal(run_only(&q, 1), ERR_internal_error);
    q.params[0] = db_int(1);
    assert_int_equal(run_only(&q, 1), ERR_OK);
}

static void test_missing_table_is_not_provisioned(void **state)
{
    (void)state;
    struct db_query q = {.sql = SQL_TEST_NO_TABLE};
    assert_int_equal(run_only(&q, 1), ERR_tenant_not_provisioned);
    assert_int_equal(run_only(&q, 1), ERR_tenant_not_provisioned); /* nothing half prepared stays */
    assert_true(run_number(SQL_TEST_COUNT) >= 0);
}

static void test_statement_is_prepared_once(void **state)
{
    (void)state;
    struct db_query q = {SQL_TEST_PREPARED, {db_text(STR("test_prepared"))}};
    for (int i = 0; i < 3; i++) {
        struct job job = job_with(&q, 1, 0);
        assert_int_equal(db_get_int(job.rows[0], 0, 0), 1);
        arena_destroy(job.arena);
    }
}

/* A parameter's text is never part of the statement, whatever it holds. */
static void test_V13_1_2_parameters_are_not_sql(void **state)
{
    (void)state;
    int64_t before = run_number(SQL_TEST_COUNT);
    struct db_query q = insert("'; DELETE FROM app_user; --", "x'); DROP TABLE app_user; --");
    assert_int_equal(run_only(&q, 1), ERR_OK);
    assert_int_equal(run_number(SQL_TEST_COUNT), before + 1);
}

/* Pipelining */

enum { MANY = 200 };
static unsigned finished;
static unsigned good;

static void one_of_many(void *arg)
{
    struct arena *a = arena_create(512);
    struct tenant *t = tenant();
    const struct db_rows *rows[1];
    struct db_query q = {SQL_TEST_ECHO, {db_null(), db_int((int64_t)(intptr_t)arg)}};
    enum err e = db_run(db_tenant(t), a, &q, 1, rows);
    good += !e && db_get_int(rows[0], 0, 1) == (int64_t)(intptr_t)arg;
    finished++;
    tenant_release(t);
    arena_destroy(a);
}

static bool all_finished(void *arg)
{
    return finished == (unsigned)(uintptr_t)arg;
}

static void test_200_coroutines_share_few_connections(void **state)
{
    (void)state;
    finished = good = 0;
    for (int i = 0; i < MANY; i++)
        coro_spawn(one_of_many, (void *)(intptr_t)i, 0);
    poll_loop_run(f.loop, all_finished, (void *)(uintptr_t)MANY);
    assert_int_equal(good, MANY);
    assert_true(fixture_number(&f, "SELECT count(*) FROM pg_stat_activity WHERE datname = '%s'",
                               acme.database) <= 4);
}

/* One that fails between others does not touch them: no two requests share a sync. */
static void failing_or_not(void *arg)
{
    bool fails = (intptr_t)arg % 2;
    struct arena *a = arena_create(512);
    struct tenant *t = tenant();
    struct db_query q = {SQL_TEST_DIVIDE, {db_int(fails ? 0 : 1)}};
    good += db_run(db_tenant(t), a, &q, 1, NULL) == (fails ? ERR_internal_error : ERR_OK);
    finished++;
    tenant_release(t);
    arena_destroy(a);
}

static void test_failures_stay_in_their_batch(void **state)
{
    (void)state;
    finished = good = 0;
    for (int i = 0; i < 20; i++)
        coro_spawn(failing_or_not, (void *)(intptr_t)i, 0);
    poll_loop_run(f.loop, all_finished, (void *)(uintptr_t)20);
    assert_int_equal(good, 20);
}

/* Time */

static void test_lock_timeout(void **state)
{
    (void)state;
    struct db_query add = insert("locked", "locked");
    assert_int_equal(run_only(&add, 1), ERR_OK);
    char url[PG_URL_MAX];
    pg_url(f.pg, acme.database, url);
    PGconn *other = PQconnectdb(url);
    PQclear(
        PQexec(other, "BEGIN; SELECT 1 FROM authd_data.app_user WHERE id = 'locked' FOR UPDATE"));
    struct db_query q = {SQL_TEST_RENAME, {db_text(STR("locked")), db_text(STR("n"))}};
    int64_t start = clock_mono_ms();
    assert_int_equal(run_only(&q, 1), ERR_tenant_db_unavailable);
    assert_in_range(clock_mono_ms() - start, 200, f.config.statement_timeout_ms - 1);
    PQfinish(other);
    assert_int_equal(run_only(&q, 1), ERR_OK);
}

static void reopen(int64_t statement_timeout_ms)
{
    fixture_close(&f);
    f.config.statement_timeout_ms = statement_timeout_ms;
    fixture_open(&f);
}

/* The server's own time-out, long before ours would give the connection up. */
static void test_statement_timeout(void **state)
{
    (void)state;
    int64_t patient = f.config.statement_timeout_ms;
    reopen(2000);
    int64_t pid = run_number(SQL_TEST_PID);
    struct db_query q = {SQL_TEST_SLEEP, {db_int(FIXTURE_PATIENCE_MS)}};
    int64_t start = clock_mono_ms();
    assert_int_equal(run_only(&q, 1), ERR_tenant_db_unavailable);
    assert_in_range(clock_mono_ms() - start, 1900, FIXTURE_PATIENCE_MS);
    assert_int_equal(run_number(SQL_TEST_PID), pid);
    reopen(patient);
}

static bool nothing_runs(void *arg)
{
    (void)arg;
    return fixture_number(&f,
                          "SELECT count(*) FROM pg_stat_activity"
                          " WHERE state = 'active' AND datname = '%s'",
                          acme.database) == 0;
}

/* The call ends at its deadline; its batch and memory go on until the server is done with it. */
static void test_deadline_leaves_the_batch_behind(void **state)
{
    (void)state;
    struct db_query q = {SQL_TEST_SLEEP, {db_int(3000)}};
    int64_t start = clock_mono_ms();
    struct job job = job_with(&q, 1, 100);
    assert_int_equal(job.result, ERR_tenant_db_unavailable);
    assert_in_range(clock_mono_ms() - start, 100, 2900);
    arena_destroy(job.arena);
    assert_true(fixture_until(&f, nothing_runs, NULL));
    fixture_sleep(&f, 100); /* and what it said is read */
    assert_true(run_number(SQL_TEST_COUNT) >= 0);
}

/* Trouble */

static void test_killed_backend_fails_its_calls_only_once(void **state)
{
    (void)state;
    struct db_query q = {.sql = SQL_TEST_DIE};
    assert_int_equal(run_only(&q, 1), ERR_tenant_db_unavailable);
    assert_true(run_number(SQL_TEST_COUNT) >= 0);
}

static void kill_backends(void)
{
    fixture_sql(&f,
                "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity"
                " WHERE datname = '%s'",
                acme.database);
}

/* P5: connections that died while idle cost no caller anything. */
static void test_P5_dead_idle_connection_is_replaced(void **state)
{
    (void)state;
    int64_t pid = run_number(SQL_TEST_PID);
    kill_backends();
    assert_int_not_equal(run_number(SQL_TEST_PID), pid);
}

static void test_P5_restart_between_calls(void **state)
{
    (void)state;
    assert_true(run_number(SQL_TEST_COUNT) >= 0);
    pg_halt(f.pg, false);
    pg_resume(f.pg);
    PQreset(f.control);
    fixture_sql(&f, "SET search_path = authd_control");
    assert_true(run_number(SQL_TEST_COUNT) >= 0);
}

static void test_P6_startup_options(void **state)
{
    (void)state;
    struct db_query q = {.sql = SQL_TEST_SETTINGS};
    struct job job = job_with(&q, 1, 0);
    char application[64];
    snprintf(application, sizeof(application), "authd %s", acme.id.z);
    check_str(db_get_text(job.rows[0], 0, 0), "20s");
    check_str(db_get_text(job.rows[0], 0, 1), "250ms");
    check_str(db_get_text(job.rows[0], 0, 2), "5s");
    assert_true(str_eqz(db_get_text(job.rows[0], 0, 3), application));
    check_str(db_get_text(job.rows[0], 0, 4), "authd_data");
    assert_true(str_eqz(db_get_text(job.rows[0], 0, 5), acme.role[0]));
    arena_destroy(job.arena);
}

static void ask_control(void *arg)
{
    enum err *result = arg;
    struct arena *a = arena_create(512);
    const struct db_rows *rows[1];
    struct db_query q = {.sql = SQL_CONTROL_HEAD};
    *result = db_run(db_control(), a, &q, 1, rows);
    if (!*result)
        assert_int_equal(db_count(rows[0]), 1);
    arena_destroy(a);
}

static void test_control_plane(void **state)
{
    (void)state;
    enum err result = ERR_internal_error;
    fixture_run(&f, ask_control, &result, 0);
    assert_int_equal(result, ERR_OK);
}

#ifdef AUTHD_FAULTS
/* Each with a time of its own: two writes may fall into one tick of the file system's clock. */
static void write_fault(const char *path, const char *text)
{
    static time_t at = 1;
    const struct timespec times[2] = {{.tv_sec = at}, {.tv_sec = at}};
    FILE *file = fopen(path, "w");
    fputs(text, file);
    fclose(file);
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
    at++;
}

static void test_injected_faults(void **state)
{
    (void)state;
    char path[] = "/tmp/authd-fault-XXXXXX";
    close(mkstemp(path));
    setenv("AUTHD_FAULT", path, 1);
    int64_t before = run_number(SQL_TEST_COUNT);
    struct db_query q = insert("f1", "f1");
    write_fault(path, "test_insert before\n");
    assert_int_equal(run_only(&q, 1), ERR_tenant_db_unavailable);
    assert_int_equal(run_number(SQL_TEST_COUNT), before);
    write_fault(path, "test_insert after\n# and that is all\n");
    assert_int_equal(run_only(&q, 1), ERR_tenant_db_unavailable);
    assert_int_equal(run_number(SQL_TEST_COUNT), before + 1);
    unsetenv("AUTHD_FAULT");
    unlink(path);
    assert_int_equal(run_only(&q, 1), ERR_conflict);
}
#endif

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
        cmocka_unit_test(test_values_travel_both_ways),
        cmocka_unit_test(test_null_is_told_apart),
        cmocka_unit_test(test_old_times),
        cmocka_unit_test(test_batch_is_one_transaction),
        cmocka_unit_test(test_affected_rows),
        cmocka_unit_test(test_defect_is_internal_error),
        cmocka_unit_test(test_missing_table_is_not_provisioned),
        cmocka_unit_test(test_statement_is_prepared_once),
        cmocka_unit_test(test_V13_1_2_parameters_are_not_sql),
        cmocka_unit_test(test_200_coroutines_share_few_connections),
        cmocka_unit_test(test_failures_stay_in_their_batch),
        cmocka_unit_test(test_lock_timeout),
        cmocka_unit_test(test_statement_timeout),
        cmocka_unit_test(test_deadline_leaves_the_batch_behind),
        cmocka_unit_test(test_killed_backend_fails_its_calls_only_once),
        cmocka_unit_test(test_P5_dead_idle_connection_is_replaced),
        cmocka_unit_test(test_P5_restart_between_calls),
        cmocka_unit_test(test_P6_startup_options),
        cmocka_unit_test(test_control_plane),
#ifdef AUTHD_FAULTS
        cmocka_unit_test(test_injected_faults),
#endif
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
