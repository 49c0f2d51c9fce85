/* SPDX-License-Identifier: Apache-2.0
 *
 * Provisioning killed at every point, alone or together with PostgreSQL: whatever is left, the next
 * attempt makes it whole. And the connections it keeps. Needs the hook of AUTHD_FAULTS.
 */
#include "support/check.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/provisioner.h"
#include "store/upkeep.h"
#include "support/control_fixture.h"

static struct fixture f;

static enum provision_step stop_step;
static int stops;

static bool stop_here(enum provision_step reached)
{
    if (reached != stop_step)
        return false;
    stops++;
    return true;
}

static bool die_here(enum provision_step reached)
{
    if (stop_here(reached))
        raise(SIGKILL);
    return false;
}

/* Only the reply is missing when it was stopped at the very end. */
static void test_a_stop_at_any_point_is_made_good(void **state)
{
    (void)state;
    char slug[64];
    for (int step = PROVISION_ROW; step <= PROVISION_READY; step++) {
        snprintf(slug, sizeof(slug), "stop-%d", step);
        struct tenant_create_in in = {.slug = str_of(slug)};
        struct tenant_created out = {0};
        stop_step = (enum provision_step)step;
        stops = 0;
        provision_stop = stop_here;
        assert_int_equal(control_call(&f, tenant_create_flow, &in, &out), ERR_OK);
        provision_stop = NULL;
        assert_int_equal(stops, 1);
        check_str(out.record.status, "provisioning");
        assert_true(str_is_set(out.client->secret_key));
        assert_int_equal(upkeep_round(clock_wall_ms()), ERR_OK);
        control_check_served(&f, slug);
    }
}

/* A row and nothing else. */
static struct id tenant_begun(const char *slug)
{
    struct tenant_create_in in = {.slug = str_of(slug)};
    struct tenant_created out = {0};
    stop_step = PROVISION_ROW;
    provision_stop = stop_here;
    assert_int_equal(control_call(&f, tenant_create_flow, &in, &out), ERR_OK);
    provision_stop = NULL;
    return out.record.id;
}

/* A child process gets the job and dies in the middle; nothing but the server knows. It must not
 * talk on a connection that is its parent's too. */
static void killed_at(const struct id *tenant, enum provision_step step)
{
    int status;
    stop_step = step;
    provisioner_close_idle(INT64_MAX);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct provision_job job = {.tenant = *tenant};
        provision_stop = die_here;
        provision_job_run(&job);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void test_killed_at_each_step_in_turn(void **state)
{
    (void)state;
    struct id tenant = tenant_begun("killed");
    for (int step = PROVISION_ROW; step <= PROVISION_INSIDE; step++) {
        killed_at(&tenant, (enum provision_step)step);
        killed_at(&tenant, (enum provision_step)step);
    }
    assert_int_equal(upkeep_round(clock_wall_ms()), ERR_OK);
    control_check_served(&f, "killed");
}

static void server_crash(void)
{
    control_leave(&f);
    pg_halt(f.pg, true);
    pg_resume(f.pg);
    control_join(&f);
}

/* Commits that nobody waited for may be lost: whatever is, the next attempt makes it again. */
static void test_both_killed_at_each_step(void **state)
{
    (void)state;
    char slug[64];
    for (int step = PROVISION_ROW; step <= PROVISION_READY; step++) {
        snprintf(slug, sizeof(slug), "crash-%d", step);
        struct id tenant = tenant_begun(slug);
        killed_at(&tenant, (enum provision_step)step);
        server_crash();
        assert_int_equal(upkeep_round(clock_wall_ms()), ERR_OK);
        control_check_served(&f, slug);
    }
}

/* What was acknowledged is there when PostgreSQL dies right afterwards. */
static void test_a_created_tenant_survives_a_crash_of_the_server(void **state)
{
    (void)state;
    char slug[64];
    for (int i = 0; i < 3; i++) {
        snprintf(slug, sizeof(slug), "durable-%d", i);
        control_tenant(&f, slug);
        server_crash();
        control_check_served(&f, slug);
    }
}

/* Between the steps the database lets nobody in whom it will not let in afterwards. */
static void test_a_new_database_is_never_open(void **state)
{
    (void)state;
    struct tenant_created other = control_tenant(&f, "curious");
    struct id tenant = tenant_begun("closed");
    char database[64];
    PGresult *r = PQexec(f.control, "SELECT database_name FROM tenant WHERE slug = 'closed'");
    snprintf(database, sizeof(database), "%s", PQgetvalue(r, 0, 0));
    PQclear(r);
    for (int step = PROVISION_DATABASE; step <= PROVISION_INSIDE; step++) {
        killed_at(&tenant, (enum provision_step)step);
        PGconn *c = control_role_connect(&f, other.record.id.z, 0, database);
        assert_int_equal(PQstatus(c), CONNECTION_BAD);
        PQfinish(c);
    }
    assert_int_equal(upkeep_round(clock_wall_ms()), ERR_OK);
    control_check_served(&f, "closed");
}

/* ---- kept connections ---- */

static int64_t provisioners(void)
{
    return fixture_number(
        &f, "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'authd provision'");
}

/* A backend takes a moment to end after its client has gone. */
static void all_closed(void)
{
    for (int i = 0; i < 1500 && provisioners() > 0; i++)
        usleep(20000);
    assert_int_equal(provisioners(), 0);
}

static void test_a_kept_connection_is_used_again(void **state)
{
    (void)state;
    provisioner_close_idle(INT64_MAX);
    all_closed();
    control_tenant(&f, "first-use");
    static const char pid[] =
        "SELECT pid FROM pg_stat_activity WHERE application_name = 'authd provision'";
    int64_t first = fixture_number(&f, pid);
    control_tenant(&f, "second-use");
    assert_int_equal(provisioners(), 1);
    assert_int_equal(fixture_number(&f, pid), first);
}

static void test_a_lost_connection_is_replaced(void **state)
{
    (void)state;
    control_tenant(&f, "before-loss");
    fixture_sql(&f, "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                    " WHERE application_name = 'authd provision'");
    control_tenant(&f, "after-loss");
    control_check_served(&f, "after-loss");
}

static void test_an_idle_connection_is_closed(void **state)
{
    (void)state;
    provisioner_close_idle(INT64_MAX);
    all_closed();
    control_tenant(&f, "idle");
    int64_t now = clock_mono_ms();
    provisioner_close_idle(now - 600000);
    assert_int_equal(provisioners(), 1);
    provisioner_close_idle(now);
    all_closed();
}

static int setup(void **state)
{
    (void)state;
    control_create(&f, "-c synchronous_commit=on -c full_page_writes=on"); /* it crashes */
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
        cmocka_unit_test(test_a_stop_at_any_point_is_made_good),
        cmocka_unit_test(test_killed_at_each_step_in_turn),
        cmocka_unit_test(test_both_killed_at_each_step),
        cmocka_unit_test(test_a_created_tenant_survives_a_crash_of_the_server),
        cmocka_unit_test(test_a_new_database_is_never_open),
        cmocka_unit_test(test_a_kept_connection_is_used_again),
        cmocka_unit_test(test_a_lost_connection_is_replaced),
        cmocka_unit_test(test_an_idle_connection_is_closed),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
