/* SPDX-License-Identifier: Apache-2.0
 *
 * Provisioning: what a tenant's roles may and may not do, that a kill at any point is made good,
 * and spares.
 */
#include "support/check.h"

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/coro.h"
#include "store/migrate_all.h"
#include "store/upkeep.h"
#include "support/control_fixture.h"
#include "support/poll_loop.h"

static struct fixture f;

static int64_t in_ms(int64_t ms)
{
    return clock_wall_ms() + ms;
}

/* ---- isolation ---- */

static const char *sqlstate_of(PGconn *c, const char *sql)
{
    static char state[6];
    PGresult *r = PQexec(c, sql);
    const char *s = PQresultErrorField(r, PG_DIAG_SQLSTATE);
    snprintf(state, sizeof(state), "%s", s ? s : "");
    PQclear(r);
    return state;
}

static void test_roles_reach_their_own_database_only(void **state)
{
    (void)state;
    struct tenant_created a = control_tenant(&f, "iso-a");
    struct tenant_created b = control_tenant(&f, "iso-b");
    char other[64];
    PGresult *r = PQexec(f.control, "SELECT database_name FROM tenant WHERE slug = 'iso-b'");
    snprintf(other, sizeof(other), "%s", PQgetvalue(r, 0, 0));
    PQclear(r);
    const char *closed[] = {other, "control", "postgres", "template1"};
    for (int role = 0; role < 2; role++) {
        PGconn *c = control_role_connect(&f, a.record.id.z, role, NULL);
        assert_int_equal(PQstatus(c), CONNECTION_OK);
        PQfinish(c);
        for (size_t i = 0; i < 4; i++) {
            c = control_role_connect(&f, a.record.id.z, role, closed[i]);
            assert_int_equal(PQstatus(c), CONNECTION_BAD);
            assert_non_null(strstr(PQerrorMessage(c), "permission denied for database"));
            PQfinish(c);
        }
    }
    assert_false(id_eq(&a.record.id, &b.record.id));
}

static void test_roles_change_rows_only(void **state)
{
    (void)state;
    struct tenant_created t = control_tenant(&f, "dml");
    PGconn *c = control_role_connect(&f, t.record.id.z, 1, NULL);
    assert_int_equal(PQstatus(c), CONNECTION_OK);
    assert_string_equal(sqlstate_of(c,
                                    "INSERT INTO attempt VALUES (decode(repeat('00', 32), 'hex'),"
                                    " 1, NULL, now(), 1, now())"),
                        "");
    assert_string_equal(sqlstate_of(c, "DELETE FROM attempt"), "");
    const char *denied[] = {
        "CREATE TABLE t (a int)",
        "CREATE TEMPORARY TABLE t (a int)",
        "DROP TABLE attempt",
        "ALTER TABLE attempt ADD COLUMN a int",
        "TRUNCATE attempt",
        "CREATE SCHEMA s",
        "CREATE ROLE r",
        "DELETE FROM migration",
        "INSERT INTO migration SELECT * FROM migration",
    };
    for (size_t i = 0; i < sizeof(denied) / sizeof(*denied); i++)
        assert_string_equal(sqlstate_of(c, denied[i]), "42501");
    PGresult *r = PQexec(c, "SELECT current_schema(), count(*) FROM migration");
    assert_string_equal(PQgetvalue(r, 0, 0), "authd_data");
    PQclear(r);
    PQfinish(c);
}

static void test_names_are_opaque(void **state)
{
    (void)state;
    control_tenant(&f, "very-secret-customer");
    assert_int_equal(
        fixture_number(&f, "SELECT count(*) FROM pg_database WHERE datname ~ 'customer'"), 0);
    assert_int_equal(fixture_number(&f, "SELECT count(*) FROM pg_roles WHERE rolname ~ 'customer'"),
                     0);
    assert_int_equal(
        fixture_number(&f, "SELECT count(*) FROM pg_authid a JOIN tenant t ON a.rolname = ANY"
                           " (t.login_roles) WHERE a.rolpassword NOT LIKE 'SCRAM-SHA-256$1:%%'"),
        0);
    assert_int_equal(fixture_number(&f,
                                    "SELECT count(*) FROM pg_roles r JOIN tenant t ON r.rolname ="
                                    " t.owner_role WHERE r.rolcanlogin"),
                     0);
    assert_int_equal(fixture_number(&f,
                                    "SELECT count(*) FROM pg_roles r JOIN tenant t ON r.rolname ="
                                    " ANY (t.login_roles) WHERE r.rolconnlimit < 1"),
                     0);
}

/* ---- deletion ---- */

static void test_a_deleted_tenants_database_goes(void **state)
{
    (void)state;
    struct tenant_created gone = control_tenant(&f, "gone");
    control_tenant(&f, "kept");
    PGconn *c = control_role_connect(&f, gone.record.id.z, 0, NULL); /* somebody still connected */
    struct tenant_delete_in in = {.tenant = STR("gone")};
    assert_int_equal(control_call(&f, tenant_delete_flow, &in, NULL), ERR_OK);
    int64_t deleted_at = control_last.now;
    in = (struct tenant_delete_in){.tenant = STR("kept"), .keep_database = true};
    assert_int_equal(control_call(&f, tenant_delete_flow, &in, NULL), ERR_OK);

    static const char databases[] = "SELECT count(*) FROM pg_database d JOIN tenant t"
                                    " ON t.database_name = d.datname WHERE t.slug = '%s'";
    static const char roles[] =
        "SELECT count(*) FROM pg_roles r JOIN tenant t ON r.rolname ="
        " t.owner_role OR r.rolname = ANY (t.login_roles) WHERE t.slug = '%s'";
    assert_int_equal(upkeep_round(deleted_at), ERR_OK); /* other nodes may still serve it */
    assert_int_equal(fixture_number(&f, databases, "gone"), 1);
    assert_int_equal(upkeep_round(deleted_at + 6000), ERR_OK);
    assert_int_equal(fixture_number(&f, databases, "gone"), 0);
    assert_int_equal(fixture_number(&f, roles, "gone"), 0);
    assert_int_equal(fixture_number(&f, databases, "kept"), 1);
    assert_int_equal(fixture_number(&f, roles, "kept"), 3);
    assert_int_equal(fixture_number(&f, "SELECT count(*) FROM tenant WHERE slug = 'gone' AND"
                                        " wrapped_key IS NULL AND provision_step = -1"),
                     1);
    PQfinish(c);
}

/* ---- spares ---- */

static void test_a_spare_makes_creation_one_statement(void **state)
{
    (void)state;
    store_config.spare_databases = 2;
    assert_int_equal(upkeep_round(in_ms(0)), ERR_OK);
    static const char ready[] =
        "SELECT count(*) FROM tenant WHERE status = 'spare' AND provision_step = 4";
    assert_int_equal(fixture_number(&f, ready), 2);
    control_tenant(&f, "instant");
    assert_int_equal(fixture_number(&f, ready), 1);
    control_check_served(&f, "instant");
    assert_int_equal(upkeep_round(in_ms(0)), ERR_OK);
    assert_int_equal(fixture_number(&f, ready), 2);
    store_config.spare_databases = 0;
}

enum { RACERS = 20 };

struct racer {
    struct call call;
    struct tenant_create_in in;
    struct tenant_created out;
    char slug[32];
    enum err result;
    bool done;
};

static void race_run(void *arg)
{
    struct racer *r = arg;
    r->result = tenant_create_flow(&r->call);
    r->done = true;
}

static bool all_done(void *arg)
{
    struct racer *racers = arg;
    for (int i = 0; i < RACERS; i++) {
        if (!racers[i].done)
            return false;
    }
    return true;
}

/* slug NULL: each its own. Returns how many succeeded. */
static int race(struct racer racers[RACERS], const char *prefix, bool same)
{
    int created = 0;
    for (int i = 0; i < RACERS; i++) {
        struct racer *r = &racers[i];
        *r = (struct racer){.call = control_last};
        snprintf(r->slug, sizeof(r->slug), "%s-%d", prefix, same ? 0 : i);
        r->in.slug = str_of(r->slug);
        r->call.arena = arena_create(8192);
        r->call.problems = (struct problems){.arena = r->call.arena};
        r->call.in = &r->in;
        r->call.out = &r->out;
        coro_spawn(race_run, r, 0);
    }
    poll_loop_run(f.loop, all_done, racers);
    for (int i = 0; i < RACERS; i++) {
        assert_true(racers[i].result == ERR_OK || racers[i].result == ERR_slug_taken);
        created += racers[i].result == ERR_OK;
        arena_destroy(racers[i].call.arena);
    }
    return created;
}

static void test_many_creates_share_no_database(void **state)
{
    (void)state;
    static struct racer racers[RACERS];
    store_config.spare_databases = 5;
    assert_int_equal(upkeep_round(in_ms(0)), ERR_OK);
    assert_int_equal(race(racers, "race", false), RACERS);
    assert_int_equal(upkeep_round(in_ms(0)), ERR_OK); /* whatever the queue refused */
    assert_int_equal(fixture_number(&f, "SELECT count(*) FROM tenant WHERE slug LIKE 'race-%%' AND"
                                        " status = 'active'"),
                     RACERS);
    assert_int_equal(fixture_number(&f, "SELECT count(*) FROM client c JOIN tenant t ON t.id ="
                                        " c.tenant_id WHERE t.slug LIKE 'race-%%'"),
                     RACERS);
    assert_int_equal(race(racers, "one-slug", true), 1);
    store_config.spare_databases = 0;
}

static void create_in_child(int i)
{
    char slug[32];
    snprintf(slug, sizeof(slug), "proc-%d", i);
    control_join(&f);
    control_last.now = clock_wall_ms();
    control_tenant(&f, slug);
    assert_int_equal(upkeep_round(in_ms(0)), ERR_OK);
    control_leave(&f);
    _exit(0);
}

/* Nothing is open in this process while it forks. */
static void test_two_processes(void **state)
{
    (void)state;
    enum { CHILDREN = 3 };
    pid_t pids[CHILDREN];
    control_leave(&f);
    f.config.spare_databases = 3;
    for (int i = 0; i < CHILDREN; i++) {
        pids[i] = fork();
        if (pids[i] == 0)
            create_in_child(i);
    }
    for (int i = 0; i < CHILDREN; i++) {
        int status;
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_int_equal(status, 0);
    }
    f.config.spare_databases = 0;
    control_join(&f);
    assert_int_equal(fixture_number(&f, "SELECT count(*) FROM tenant WHERE slug LIKE 'proc-%%' AND"
                                        " status = 'active'"),
                     CHILDREN);
    int64_t spares = fixture_number(&f, "SELECT count(*) FROM tenant WHERE status = 'spare'");
    assert_true(spares >= 3 && spares <= 6);
    assert_int_equal(fixture_number(&f, "SELECT max(revision) - count(*) FROM change"), 0);
}

/* ---- migration of everything ---- */

static void test_migrate_all_goes_on_past_a_broken_one(void **state)
{
    (void)state;
    struct arena *a = arena_create(4096);
    struct migrate_results results;
    int64_t tenants = fixture_number(&f, "SELECT count(*) FROM tenant WHERE status IN ('spare',"
                                         " 'active', 'suspended')");
    fixture_sql(&f,
                "UPDATE tenant SET database_name = database_name || '_lost' WHERE slug = 'dml'");
    assert_int_equal(migrate_all(f.control_url, NULL, a, &results), ERR_OK);
    assert_int_equal(results.n, tenants + 2);
    assert_int_equal(results.failed, 1);
    check_str(results.items[0].what, "control");
    check_str(results.items[1].what, "template");
    for (size_t i = 2; i < results.n; i++)
        assert_int_equal(results.items[i].result != ERR_OK, str_eqz(results.items[i].slug, "dml"));
    arena_destroy(a);
}

static int setup(void **state)
{
    (void)state;
    control_create(&f, "-c max_connections=60");
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
        cmocka_unit_test(test_roles_reach_their_own_database_only),
        cmocka_unit_test(test_roles_change_rows_only),
        cmocka_unit_test(test_names_are_opaque),
        cmocka_unit_test(test_a_deleted_tenants_database_goes),
        cmocka_unit_test(test_a_spare_makes_creation_one_statement),
        cmocka_unit_test(test_many_creates_share_no_database),
        cmocka_unit_test(test_two_processes),
        cmocka_unit_test(test_migrate_all_goes_on_past_a_broken_one),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
