/* SPDX-License-Identifier: Apache-2.0
 *
 * Attempts, sign-in and sign-up: the full truth tables, and the lock at exactly the right failure.
 */
#include "domain/decide.h"
#include "support/check.h"

enum { NOW_S = 1795301223 };
static const int64_t now = NOW_S * INT64_C(1000);

static struct policy lockout(int64_t after, int64_t delay_s)
{
    struct policy policy;
    policy_defaults(&policy);
    policy.lockout_after = after;
    policy.lockout_delay = delay_s;
    return policy;
}

static void test_lockout_wait_doubles_up_to_the_delay(void **state)
{
    (void)state;
    struct policy policy = lockout(10, 900);
    static const struct {
        int64_t failures;
        int64_t wait_ms;
    } rows[] = {{0, 0},       {1, 0},        {9, 0},        {10, 1000},    {11, 2000},
                {12, 4000},   {13, 8000},    {14, 16000},   {15, 32000},   {16, 64000},
                {17, 128000}, {18, 256000},  {19, 512000},  {20, 900000},  {21, 900000},
                {99, 900000}, {100, 900000}, {101, 900000}, {5000, 900000}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        assert_int_equal(lockout_wait_ms(&policy, rows[i].failures), rows[i].wait_ms);
    assert_int_equal(lockout_wait_ms(&policy, INT64_MAX), 900000);
}

/* Lockout counter bug (Logto 1.41): the lock is there at exactly n, for every n and delay. */
static void test_N_6_locks_exactly_at_n(void **state)
{
    (void)state;
    static const int64_t delays[] = {1, 2, 3, 59, 60, 900, 86399, 86400};
    for (int64_t n = 1; n <= ATTEMPTS_HARD_STOP; n++) {
        for (size_t d = 0; d < sizeof(delays) / sizeof(*delays); d++) {
            struct policy policy = lockout(n, delays[d]);
            int64_t before = 0;
            for (int64_t failures = 0; failures <= 2 * ATTEMPTS_HARD_STOP; failures++) {
                int64_t wait = lockout_wait_ms(&policy, failures);
                assert_true(failures < n ? wait == 0 : wait >= 1000);
                assert_true(wait >= before && wait <= delays[d] * 1000);
                before = wait;
            }
            assert_int_equal(before, delays[d] * 1000);
        }
    }
}

/* Storage's statement in miniature: counts the attempt unless it has to wait. */
struct identifier {
    int64_t failures;
    int64_t locked_until;
};

static struct attempt_facts reserve(const struct policy *policy, struct identifier *row, int64_t at)
{
    struct attempt_facts f = {.disabled = row->failures >= ATTEMPTS_HARD_STOP, .recent = 1};
    f.reserved = !f.disabled && row->locked_until <= at;
    if (f.reserved) {
        row->failures++;
        row->locked_until = at + lockout_wait_ms(policy, row->failures);
    }
    f.failures = row->failures;
    f.locked_until = row->locked_until;
    return f;
}

static void test_N_6_a_thousand_at_once_count(void **state)
{
    (void)state;
    struct policy policy = lockout(10, 900);
    struct identifier row = {0};
    int64_t retry;
    int passed = 0;
    for (int i = 0; i < 1000; i++) {
        struct attempt_facts f = reserve(&policy, &row, now);
        enum attempt_decision d = decide_attempt(&policy, &f, now, &retry);
        passed += d == ATTEMPT_GO_ON;
        assert_int_equal(d, i < 10 ? ATTEMPT_GO_ON : ATTEMPT_LOCKED);
        assert_int_equal(retry, i < 10 ? 0 : 1);
    }
    assert_int_equal(passed, 10);
}

static void test_N_6_patience_ends_at_a_hundred(void **state)
{
    (void)state;
    struct policy policy = lockout(100, 1);
    struct identifier row = {0};
    int64_t retry;
    for (int i = 0; i < 200; i++) {
        int64_t at = now + i * INT64_C(86400000);
        struct attempt_facts f = reserve(&policy, &row, at);
        enum attempt_decision d = decide_attempt(&policy, &f, at, &retry);
        assert_int_equal(d, i < ATTEMPTS_HARD_STOP ? ATTEMPT_GO_ON : ATTEMPT_LOCKED);
    }
    assert_int_equal(row.failures, ATTEMPTS_HARD_STOP);
}

static void test_lock_ends_on_time(void **state)
{
    (void)state;
    struct policy policy = lockout(10, 900);
    int64_t retry;
    struct attempt_facts locked = {.failures = 12, .locked_until = now + 4000};
    assert_int_equal(decide_attempt(&policy, &locked, now, &retry), ATTEMPT_LOCKED);
    assert_int_equal(retry, 4);
    assert_int_equal(decide_attempt(&policy, &locked, now + 1, &retry), ATTEMPT_LOCKED);
    assert_int_equal(retry, 4);
    assert_int_equal(decide_attempt(&policy, &locked, now + 3999, &retry), ATTEMPT_LOCKED);
    assert_int_equal(retry, 1);
    assert_int_equal(decide_attempt(&policy, &locked, now + 4000, &retry), ATTEMPT_DENY);
    assert_int_equal(retry, 1);
    locked.reserved = true;
    assert_int_equal(decide_attempt(&policy, &locked, now, &retry), ATTEMPT_GO_ON);
    assert_int_equal(retry, 0);
}

static void test_hard_stop_outranks_everything(void **state)
{
    (void)state;
    struct policy policy = lockout(10, 900);
    int64_t retry;
    struct attempt_facts disabled = {.reserved = true, .failures = 1, .disabled = true};
    struct attempt_facts over = {.reserved = true, .failures = ATTEMPTS_HARD_STOP + 1};
    assert_int_equal(decide_attempt(&policy, &disabled, now, &retry), ATTEMPT_LOCKED);
    assert_int_equal(retry, 900);
    assert_int_equal(decide_attempt(&policy, &over, now, &retry), ATTEMPT_LOCKED);
    over.failures = ATTEMPTS_HARD_STOP;
    assert_int_equal(decide_attempt(&policy, &over, now, &retry), ATTEMPT_GO_ON);
}

static void test_rate_limit_of_the_identifier(void **state)
{
    (void)state;
    struct policy policy = lockout(10, 900);
    struct attempt_facts f = {.reserved = true, .failures = 1};
    int64_t retry;
    policy.rate_limit_identifier = 30;
    for (f.recent = 1; f.recent <= 60; f.recent++) {
        enum attempt_decision d = decide_attempt(&policy, &f, now, &retry);
        assert_int_equal(d, f.recent <= 30 ? ATTEMPT_GO_ON : ATTEMPT_RATE_LIMITED);
        assert_int_equal(retry, f.recent <= 30 ? 0 : 60);
    }
    policy.rate_limit_identifier = 0;
    f.recent = INT64_MAX;
    assert_int_equal(decide_attempt(&policy, &f, now, &retry), ATTEMPT_GO_ON);
}

static void test_zeroed_attempt_is_denied(void **state)
{
    (void)state;
    struct policy none = {0};
    struct policy policy = lockout(10, 900);
    struct attempt_facts zero = {0};
    int64_t retry;
    assert_int_equal(ATTEMPT_DENY, 0);
    assert_int_equal(decide_attempt(&policy, &zero, now, &retry), ATTEMPT_DENY);
    assert_int_equal(decide_attempt(&none, &zero, now, &retry), ATTEMPT_DENY);
    assert_int_equal(retry, 1);
    zero.reserved = true;
    assert_int_equal(decide_attempt(&policy, &zero, now, &retry), ATTEMPT_DENY);
}

static enum sign_in_decision expected_sign_in(const struct sign_in_facts *f)
{
    if (!f->user_exists || !f->has_password || !f->password_matches || f->status == USER_NONE)
        return SIGN_IN_DENY;
    return f->status == USER_ACTIVE ? SIGN_IN_ALLOW : SIGN_IN_BANNED;
}

static void test_sign_in_every_combination(void **state)
{
    (void)state;
    int allowed = 0;
    for (unsigned bits = 0; bits < 8; bits++) {
        for (int status = USER_NONE; status <= USER_BANNED; status++) {
            struct sign_in_facts f = {bits & 1, (enum user_status)status, bits & 2, bits & 4};
            enum sign_in_decision d = decide_sign_in(&f);
            assert_int_equal(d, expected_sign_in(&f));
            allowed += d == SIGN_IN_ALLOW;
        }
    }
    assert_int_equal(allowed, 1);
    struct sign_in_facts zero = {0};
    assert_int_equal(SIGN_IN_DENY, 0);
    assert_int_equal(decide_sign_in(&zero), SIGN_IN_DENY);
    zero = (struct sign_in_facts){true, (enum user_status)77, true, true};
    assert_int_equal(decide_sign_in(&zero), SIGN_IN_DENY);
}

static void test_sign_up(void **state)
{
    (void)state;
    struct policy policy;
    struct policy none = {0};
    policy_defaults(&policy);
    assert_int_equal(decide_sign_up(&policy), SIGN_UP_ALLOW);
    policy.sign_up = SIGN_UP_CLOSED;
    assert_int_equal(decide_sign_up(&policy), SIGN_UP_REFUSED_CLOSED);
    policy.sign_up = 77;
    assert_int_equal(decide_sign_up(&policy), SIGN_UP_DENY);
    assert_int_not_equal(decide_sign_up(&none), SIGN_UP_ALLOW);
    assert_int_equal(SIGN_UP_DENY, 0);
}

static void test_status_words(void **state)
{
    (void)state;
    static const char *const words[] = {"active", "disabled", "banned"};
    enum user_status s;
    for (int i = 0; i < 3; i++) {
        assert_true(user_status_parse(str_of(words[i]), &s));
        assert_int_equal(s, USER_ACTIVE + i);
        assert_string_equal(user_status_name(s), words[i]);
    }
    static const char *const wrong[] = {"", "Active", "unknown", "none", "active "};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
        assert_false(user_status_parse(str_of(wrong[i]), &s));
    assert_string_equal(user_status_name(USER_NONE), "unknown");
    assert_string_equal(user_status_name((enum user_status)77), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lockout_wait_doubles_up_to_the_delay),
        cmocka_unit_test(test_N_6_locks_exactly_at_n),
        cmocka_unit_test(test_N_6_a_thousand_at_once_count),
        cmocka_unit_test(test_N_6_patience_ends_at_a_hundred),
        cmocka_unit_test(test_lock_ends_on_time),
        cmocka_unit_test(test_hard_stop_outranks_everything),
        cmocka_unit_test(test_rate_limit_of_the_identifier),
        cmocka_unit_test(test_zeroed_attempt_is_denied),
        cmocka_unit_test(test_sign_in_every_combination),
        cmocka_unit_test(test_sign_up),
        cmocka_unit_test(test_status_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
