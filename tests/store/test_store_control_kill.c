/* SPDX-License-Identifier: Apache-2.0
 *
 * Provisioning killed at every point: whatever is left, the next attempt makes it whole. Needs the
 * hook of AUTHD_FAULTS.
 */
#include "support/check.h"

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/provision.h"
#include "store/upkeep.h"
#include "support/control_fixture.h"

static struct fixture f;

static enum provision_step stop_step;
static bool stop_recorded;
static int stops;

static bool stop_here(enum provision_step step, bool recorded)
{
    if (step != stop_step || recorded != stop_recorded)
        return false;
    stops++;
    return true;
}

static bool die_here(enum provision_step step, bool recorded)
{
    if (stop_here(step, recorded))
        _exit(42);
    return false;
}

static void test_a_stop_at_any_point_is_made_good(void **state)
{
    (void)state;
    char slug[64];
    for (int step = PROVISION_ROLES; step <= PROVISION_INSIDE; step++) {
        for (int recorded = 0; recorded < 2; recorded++) {
            snprintf(slug, sizeof(slug), "stop-%d-%d", step, recorded);
            struct tenant_create_in in = {.slug = str_of(slug)};
            struct tenant_created out = {0};
            stop_step = (enum provision_step)step;
            stop_recorded = recorded;
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
}

/* A child process gets the job and dies in the middle; nothing but the server knows. */
static void killed_at(const struct id *tenant, enum provision_step step, bool recorded)
{
    int status;
    stop_step = step;
    stop_recorded = recorded;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct provision_job job = {.tenant = *tenant};
        provision_stop = die_here;
        provision_job_run(&job);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(WEXITSTATUS(status), 42);
}

static bool refuse_all(enum provision_step step, bool recorded)
{
    (void)step, (void)recorded;
    return true;
}

static void test_killed_at_each_step_in_turn(void **state)
{
    (void)state;
    struct tenant_create_in in = {.slug = STR("killed")};
    struct tenant_created out = {0};
    provision_stop = refuse_all;
    assert_int_equal(control_call(&f, tenant_create_flow, &in, &out), ERR_OK);
    provision_stop = NULL;
    for (int step = PROVISION_ROLES; step <= PROVISION_INSIDE; step++) {
        killed_at(&out.record.id, (enum provision_step)step, false);
        killed_at(&out.record.id, (enum provision_step)step, true);
    }
    assert_int_equal(upkeep_round(clock_wall_ms()), ERR_OK);
    control_check_served(&f, "killed");
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
        cmocka_unit_test(test_a_stop_at_any_point_is_made_good),
        cmocka_unit_test(test_killed_at_each_step_in_turn),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
