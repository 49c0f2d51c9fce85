/* SPDX-License-Identifier: Apache-2.0
 *
 * The background: what the janitor removes and what it leaves, rotation by age, provisioning as a
 * role that is no superuser, and its end.
 */
#include "support/check.h"

#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/control_init.h"
#include "store/janitor.h"
#include "store/provisioner.h"
#include "store/upkeep.h"
#include "support/control_fixture.h"

static struct fixture f;

#define DAY_MS INT64_C(86400000)

/* ---- janitor ---- */

static PGconn *superuser_in(const char *slug)
{
    char sql[128];
    char url[PG_URL_MAX];
    PGconn *c;
    snprintf(sql, sizeof(sql), "SELECT database_name FROM tenant WHERE slug = '%s'", slug);
    PGresult *r = PQexec(f.control, sql);
    pg_url(f.pg, PQgetvalue(r, 0, 0), url);
    PQclear(r);
    assert_int_equal(sync_connect(&(struct sync_target){.url = url, .schema = "authd_data"}, &c),
                     ERR_OK);
    return c;
}

static void run(PGconn *c, const char *sql)
{
    PGresult *r = PQexec(c, sql);
    ExecStatusType status = PQresultStatus(r);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        fail_msg("%s: %s", sql, PQerrorMessage(c));
    PQclear(r);
}

static int64_t number(PGconn *c, const char *sql)
{
    PGresult *r = PQexec(c, sql);
    assert_int_equal(PQntuples(r), 1);
    int64_t n = strtoll(PQgetvalue(r, 0, 0), NULL, 10);
    PQclear(r);
    return n;
}

/* Of each kind of row: enough old ones for several batches, and fresh ones. */
static void fill(PGconn *c)
{
    run(c, "INSERT INTO app_user (id, status, email, email_key, created_at, updated_at)"
           " VALUES ('usr_1', 'active', 'a@example.com', 'a@example.com', now(), now())");
    run(c, "INSERT INTO session (id, user_id, client_id, created_at, rotated_at, ended_at, amr)"
           " SELECT 'ended_old_' || i, 'usr_1', 'cli', now() - interval '60 days', now(),"
           " now() - interval '31 days', 'pwd' FROM generate_series(1, 1200) i");
    run(c, "INSERT INTO session (id, user_id, client_id, created_at, rotated_at, ended_at, amr)"
           " VALUES ('ended_new', 'usr_1', 'cli', now() - interval '20 days', now(),"
           " now() - interval '10 days', 'pwd')");
    run(c, "INSERT INTO session (id, user_id, client_id, created_at, rotated_at, amr)"
           " VALUES ('expired', 'usr_1', 'cli', now() - interval '32 days', now(), 'pwd'),"
           " ('alive', 'usr_1', 'cli', now() - interval '29 days', now(), 'pwd')");
    run(c, "INSERT INTO attempt (identifier, failures, minute, in_minute, last_at)"
           " SELECT decode(lpad(to_hex(i), 64, '0'), 'hex'), CASE WHEN i = 1 THEN 100 ELSE 5 END,"
           " now(), 1, now() - CASE WHEN i = 2 THEN interval '1 day' ELSE interval '31 days' END"
           " FROM generate_series(1, 5) i");
    run(c, "INSERT INTO audit (id, at, event, actor_type)"
           " VALUES ('evt_0', now() - interval '400 days', 'x', 'system'),"
           " ('evt_Z', now(), 'x', 'system')");
}

static void check_left(PGconn *c)
{
    assert_int_equal(number(c, "SELECT count(*) FROM session"), 2);
    assert_int_equal(number(c, "SELECT count(*) FROM session WHERE id IN ('alive', 'ended_new')"),
                     2);
    assert_int_equal(number(c, "SELECT count(*) FROM attempt"), 2); /* hard stop, and fresh */
    assert_int_equal(number(c, "SELECT count(*) FROM audit WHERE id = 'evt_Z'"), 1);
    assert_int_equal(number(c, "SELECT count(*) FROM audit WHERE id = 'evt_0'"), 0);
}

static void test_the_janitor_follows_the_due_list(void **state)
{
    (void)state;
    control_tenant(&f, "swept");
    PGconn *c = superuser_in("swept");
    fill(c);
    assert_int_equal(upkeep_round(clock_wall_ms()), ERR_OK); /* not its turn */
    assert_int_equal(number(c, "SELECT count(*) FROM session"), 1203);
    fixture_sql(&f, "UPDATE tenant SET sweep_due_at = now() WHERE slug = 'swept'");
    assert_int_equal(upkeep_round(clock_wall_ms() + 1000), ERR_OK);
    check_left(c);
    assert_int_equal(fixture_number(&f, "SELECT count(*) FROM tenant WHERE slug = 'swept' AND"
                                        " sweep_due_at > now() + interval '5 hours'"),
                     1);
    sync_close(c);
}

static void test_the_control_plane_is_swept_too(void **state)
{
    (void)state;
    struct arena *a = arena_create(4096);
    struct tenant_created t = control_tenant(&f, "keys");
    fixture_sql(
        &f,
        "INSERT INTO client_key (id, client_id, tenant_id, kind, hash, hint, created_at,"
        " revoked_at) VALUES ('key_old', '%s', '%s', 'secret', decode(repeat('01', 32), 'hex'),"
        " '', now(), now() - interval '91 days'), ('key_new', '%s', '%s', 'secret',"
        " decode(repeat('02', 32), 'hex'), '', now(), now() - interval '89 days')",
        t.client->id.z, t.record.id.z, t.client->id.z, t.record.id.z);
    fixture_sql(&f, "UPDATE change SET at = now() - interval '8 days'");
    assert_int_equal(janitor_sweep_control(f.control, a, clock_wall_ms()), ERR_OK);
    assert_int_equal(fixture_number(&f, "SELECT count(*) FROM client_key WHERE id = 'key_old'"), 0);
    assert_int_equal(fixture_number(&f, "SELECT count(*) FROM client_key WHERE id = 'key_new'"), 1);
    assert_int_equal(fixture_number(&f, "SELECT count(*) FROM change"), 1);
    assert_int_equal(
        fixture_number(&f, "SELECT revision - (SELECT revision FROM change) FROM feed_head"), 0);
    static const char audited[] = "SELECT count(*) FROM audit WHERE at <= now()";
    int64_t before = fixture_number(&f, audited);
    assert_true(before > 0);
    assert_int_equal(janitor_sweep_control(f.control, a, clock_wall_ms() + 364 * DAY_MS), ERR_OK);
    assert_int_equal(fixture_number(&f, audited), before);
    assert_int_equal(janitor_sweep_control(f.control, a, clock_wall_ms() + 366 * DAY_MS), ERR_OK);
    assert_int_equal(fixture_number(&f, audited), 0);
    arena_destroy(a);
}

/* ---- rotation ---- */

static int64_t keys_of(const char *slug)
{
    return fixture_number(&f,
                          "SELECT count(*) FROM signing_key s JOIN tenant t ON t.id = s.tenant_id"
                          " WHERE t.slug = '%s'",
                          slug);
}

static void test_old_signing_keys_are_rotated_once(void **state)
{
    (void)state;
    int64_t now = clock_wall_ms();
    control_tenant(&f, "aging");
    store_config.signing_key_max_age_s = 90 * 86400;
    assert_int_equal(upkeep_round(now + 89 * DAY_MS), ERR_OK);
    assert_int_equal(keys_of("aging"), 1);
    assert_int_equal(upkeep_round(now + 91 * DAY_MS), ERR_OK);
    assert_int_equal(keys_of("aging"), 2);
    assert_int_equal(upkeep_round(now + 91 * DAY_MS + 1000), ERR_OK);
    assert_int_equal(keys_of("aging"), 2);
    store_config.signing_key_max_age_s = 0;
    assert_int_equal(
        fixture_number(&f, "SELECT count(*) FROM audit WHERE event ="
                           " 'signing_key.rotated' AND actor_type = 'system'"
                           " AND tenant_id = (SELECT id FROM tenant WHERE slug = 'aging')"),
        1);
}

/* ---- a provisioner that is no superuser ---- */

static void test_createrole_and_createdb_are_enough(void **state)
{
    (void)state;
    char url[PG_URL_MAX + 64];
    char key[KEY_TEXT_MAX + 1];
    bool created;
    PGresult *r = PQexec(f.control, "SELECT setting FROM pg_settings"
                                    " WHERE name = 'unix_socket_directories'");
    snprintf(url, sizeof(url), "host=%s user=prov password=p dbname=postgres", PQgetvalue(r, 0, 0));
    PQclear(r);
    fixture_sql(&f, "CREATE ROLE prov LOGIN CREATEROLE CREATEDB PASSWORD 'p'");
    fixture_sql(&f, "GRANT CONNECT ON DATABASE postgres TO prov");
    /* A template of its own, as on a server of its own. */
    fixture_sql(&f,
                "UPDATE pg_database SET datistemplate = false WHERE datname ~ '^authd_template'");
    r = PQexec(f.control, "SELECT datname FROM pg_database WHERE datname ~ '^authd_template'");
    if (PQntuples(r))
        fixture_sql(&f, "DROP DATABASE %s", PQgetvalue(r, 0, 0));
    PQclear(r);

    store_config.provisioner_url = url;
    provisioner_close_idle(INT64_MAX);
    struct tenant_created t = control_tenant(&f, "plain");
    PGconn *c = control_role_connect(&f, t.record.id.z, 0, NULL);
    assert_int_equal(PQstatus(c), CONNECTION_OK);
    PGresult *rows = PQexec(c, "SELECT count(*) FROM app_user");
    assert_int_equal(PQresultStatus(rows), PGRES_TUPLES_OK);
    PQclear(rows);
    struct tenant_delete_in in = {.tenant = STR("plain")};
    assert_int_equal(control_call(&f, tenant_delete_flow, &in, NULL), ERR_OK);
    assert_int_equal(upkeep_round(clock_wall_ms() + 6000), ERR_OK);
    assert_int_equal(fixture_number(&f, "SELECT count(*) FROM pg_database d JOIN tenant t ON"
                                        " d.datname = t.database_name WHERE t.slug = 'plain'"),
                     0);
    PQfinish(c);
    store_config.provisioner_url = NULL;
    provisioner_close_idle(INT64_MAX);
    assert_int_equal(control_init(url, "control_of_prov", f.root_key, key, &created), ERR_OK);
    assert_true(created);
}

/* ---- stopping ---- */

static bool database_gone(const char *slug)
{
    return fixture_number(&f,
                          "SELECT count(*) FROM pg_database d JOIN tenant t"
                          " ON t.database_name = d.datname WHERE t.slug = '%s'",
                          slug) == 0;
}

/* DROP DATABASE waits for a lock that this test holds. */
static void test_stopping_does_not_wait_for_a_database(void **state)
{
    (void)state;
    control_tenant(&f, "slow-drop");
    struct tenant_delete_in in = {.tenant = STR("slow-drop")};
    assert_int_equal(control_call(&f, tenant_delete_flow, &in, NULL), ERR_OK);
    fixture_sql(&f, "UPDATE tenant SET deleted_at = now() - interval '1 day'"
                    " WHERE slug = 'slow-drop'");
    fixture_sql(&f, "BEGIN");
    fixture_sql(&f, "LOCK TABLE pg_database IN SHARE MODE");
    assert_int_equal(upkeep_start(), ERR_OK);
    while (fixture_number(&f, "SELECT count(*) FROM pg_locks WHERE NOT granted AND"
                              " relation = 'pg_database'::regclass") == 0)
        usleep(10000);
    upkeep_stop(); /* returns, although the lock is still held */
    fixture_sql(&f, "COMMIT");
    assert_false(database_gone("slow-drop"));
    assert_int_equal(upkeep_round(clock_wall_ms()), ERR_OK);
    assert_true(database_gone("slow-drop"));
}

static int setup(void **state)
{
    (void)state;
    control_create(&f, "");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    control_destroy(&f);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_janitor_follows_the_due_list),
        cmocka_unit_test(test_old_signing_keys_are_rotated_once),
        cmocka_unit_test(test_createrole_and_createdb_are_enough),
        cmocka_unit_test(test_the_control_plane_is_swept_too),
        cmocka_unit_test(test_stopping_does_not_wait_for_a_database),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
