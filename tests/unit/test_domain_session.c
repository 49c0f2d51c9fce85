/* SPDX-License-Identifier: Apache-2.0
 *
 * Sessions and refresh, driven by the clock: every end at t-1, t and t+1, every combination of
 * generations, and a random walk in which storage's statement and the rule must agree.
 */
#include "domain/decide.h"
#include "support/check.h"

static const int64_t start = INT64_C(1795301223123);
static const struct id session_id = {"ses_01JD9W8V3S8Q3ZK6T4N0E2M5RA"};
static const struct id our_client = {"cli_01JD9W8V3S8Q3ZK6T4N0E2M5RA"};
static const struct id other_client = {"cli_01JD9W8V3S8Q3ZK6T4N0E2M5RB"};

static struct policy lives(int64_t duration_s, int64_t idle_s)
{
    struct policy policy;
    policy_defaults(&policy);
    policy.session_duration = duration_s;
    policy.session_idle = idle_s;
    return policy;
}

static struct session fresh(void)
{
    return (struct session){
        .id = session_id, .client_id = our_client, .created_at = start, .rotated_at = start};
}

static void check_end(const struct policy *policy, const struct session *s, int64_t end)
{
    assert_int_equal(decide_session(policy, s, USER_ACTIVE, end - 1), SESSION_LIVE);
    assert_int_equal(decide_session(policy, s, USER_ACTIVE, end), SESSION_EXPIRED);
    assert_int_equal(decide_session(policy, s, USER_ACTIVE, end + 1), SESSION_EXPIRED);
}

static void test_V7_3_2_absolute_end(void **state)
{
    (void)state;
    static const int64_t durations[] = {1, 60, 28800, 2592000, 34560000};
    for (size_t i = 0; i < sizeof(durations) / sizeof(*durations); i++) {
        struct policy policy = lives(durations[i], 0);
        struct session s = fresh();
        assert_int_equal(session_expires_at(&policy, &s), start + durations[i] * 1000);
        assert_int_equal(session_idle_expires_at(&policy, &s), INT64_MAX);
        check_end(&policy, &s, start + durations[i] * 1000);
        s.rotated_at = start + durations[i] * 1000 - 1;
        check_end(&policy, &s, start + durations[i] * 1000);
    }
}

static void test_V7_3_1_idle_end(void **state)
{
    (void)state;
    static const int64_t idles[] = {1, 60, 3600, 86400};
    for (size_t i = 0; i < sizeof(idles) / sizeof(*idles); i++) {
        struct policy policy = lives(2592000, idles[i]);
        struct session s = fresh();
        s.rotated_at = start + 5000;
        assert_int_equal(session_idle_expires_at(&policy, &s), start + 5000 + idles[i] * 1000);
        check_end(&policy, &s, start + 5000 + idles[i] * 1000);
    }
}

/* A policy that was shortened bites on the next request. */
static void test_B15_shortened_policy_ends_sessions(void **state)
{
    (void)state;
    struct policy before = lives(2592000, 0);
    struct policy shorter = lives(28800, 0);
    struct policy idle = lives(2592000, 60);
    struct session s = fresh();
    int64_t later = start + INT64_C(28800000);
    assert_int_equal(decide_session(&before, &s, USER_ACTIVE, later), SESSION_LIVE);
    assert_int_equal(decide_session(&shorter, &s, USER_ACTIVE, later), SESSION_EXPIRED);
    assert_int_equal(decide_session(&idle, &s, USER_ACTIVE, later), SESSION_EXPIRED);
}

static void test_session_states(void **state)
{
    (void)state;
    struct policy policy = lives(3600, 0);
    struct session s = fresh();
    assert_int_equal(decide_session(&policy, &s, USER_ACTIVE, start), SESSION_LIVE);
    assert_int_equal(decide_session(&policy, &s, USER_BANNED, start), SESSION_BANNED);
    assert_int_equal(decide_session(&policy, &s, USER_DISABLED, start), SESSION_BANNED);
    assert_int_equal(decide_session(&policy, &s, USER_NONE, start), SESSION_DENY);
    s.ended_at = 1;
    assert_int_equal(decide_session(&policy, &s, USER_ACTIVE, start), SESSION_ENDED);
    assert_int_equal(decide_session(&policy, &s, USER_BANNED, start), SESSION_ENDED);
}

static void test_zeroed_session_is_denied(void **state)
{
    (void)state;
    struct policy policy = lives(3600, 0);
    struct policy none = {0};
    struct session zero = {0};
    struct session s = fresh();
    assert_int_equal(SESSION_DENY, 0);
    assert_int_equal(decide_session(&policy, &zero, USER_ACTIVE, start), SESSION_DENY);
    assert_int_equal(decide_session(&policy, &zero, USER_ACTIVE, 0), SESSION_DENY);
    assert_int_not_equal(decide_session(&none, &s, USER_ACTIVE, start), SESSION_LIVE);
    s.created_at = 0;
    assert_int_equal(decide_session(&policy, &s, USER_ACTIVE, 0), SESSION_DENY);
    s = fresh();
    s.id = (struct id){{0}};
    assert_int_equal(decide_session(&policy, &s, USER_ACTIVE, start), SESSION_DENY);
}

static void test_access_token_never_outlives_the_session(void **state)
{
    (void)state;
    struct session s = fresh();
    for (int64_t duration = 1; duration <= 2000; duration += 7) {
        for (int64_t idle = 0; idle <= 2000; idle += 501) {
            struct policy policy = lives(duration, idle);
            for (int64_t at = start; at < start + duration * 1000; at += 333333) {
                int64_t expiry = access_token_expiry_s(&policy, &s, at);
                assert_true(expiry <= at / 1000 + policy.access_token_ttl);
                assert_true(expiry * 1000 <= session_expires_at(&policy, &s));
                assert_true(expiry * 1000 <= session_idle_expires_at(&policy, &s));
            }
        }
    }
    struct policy policy = lives(2592000, 0);
    assert_int_equal(access_token_expiry_s(&policy, &s, start), start / 1000 + 900);
    policy.access_token_ttl = 86400;
    assert_int_equal(access_token_expiry_s(&policy, &s, start), start / 1000 + 86400);
}

static void test_max_sessions(void **state)
{
    (void)state;
    struct policy policy = lives(3600, 0);
    assert_int_equal(session_others_kept(&policy), INT64_MAX);
    policy.max_sessions_per_user = 1;
    assert_int_equal(session_others_kept(&policy), 0);
    policy.max_sessions_per_user = 1000;
    assert_int_equal(session_others_kept(&policy), 999);
}

/* ---- refresh ---- */

/* Facts where generation `g` was made `rotated` ms ago and the one before `previous` ms ago (-1 =
 * never). */
static enum refresh_decision refresh(const struct policy *policy, int64_t presented, int64_t g,
                                     int64_t rotated, int64_t previous)
{
    int64_t now = start + 600000;
    struct refresh_facts f = {.found = true,
                              .session = fresh(),
                              .user_status = USER_ACTIVE,
                              .client_id = our_client,
                              .presented = presented};
    f.session.generation = g;
    f.session.rotated_at = now - rotated;
    f.session.previous_rotated_at = previous < 0 ? 0 : now - previous;
    return decide_refresh(policy, &f, now);
}

static void test_refresh_while_successor_is_unused(void **state)
{
    (void)state;
    struct policy policy = lives(2592000, 0);
    static const int64_t overlaps[] = {0, 10, 60};
    for (size_t i = 0; i < sizeof(overlaps) / sizeof(*overlaps); i++) {
        policy.refresh_overlap = overlaps[i];
        for (int64_t p = 0; p < 4; p++) {
            assert_int_equal(refresh(&policy, p, p + 1, 0, -1), REFRESH_SUCCESSOR);
            assert_int_equal(refresh(&policy, p, p + 1, 59999, -1), REFRESH_SUCCESSOR);
            assert_int_equal(refresh(&policy, p, p + 1, 60000, -1), REFRESH_SUCCESSOR);
            assert_int_equal(refresh(&policy, p, p + 1, 60001, -1), REFRESH_REPLAYED);
            assert_int_equal(refresh(&policy, p, p + 1, 60001, 60002), REFRESH_REPLAYED);
        }
    }
}

static void test_refresh_after_successor_was_used(void **state)
{
    (void)state;
    struct policy policy = lives(2592000, 0);
    for (int64_t overlap = 0; overlap <= 60; overlap += 5) {
        policy.refresh_overlap = overlap;
        int64_t ms = overlap * 1000;
        assert_int_equal(refresh(&policy, 3, 5, 0, ms), REFRESH_SUCCESSOR);
        assert_int_equal(refresh(&policy, 3, 5, 0, ms + 1), REFRESH_REPLAYED);
        assert_int_equal(refresh(&policy, 3, 5, 0, ms ? ms - 1 : 0), REFRESH_SUCCESSOR);
        assert_int_equal(refresh(&policy, 3, 5, 0, -1), REFRESH_REPLAYED);
    }
    policy.refresh_overlap = 3600; /* no policy row allows it; the rule does not either */
    assert_int_equal(refresh(&policy, 3, 5, 0, 60000), REFRESH_SUCCESSOR);
    assert_int_equal(refresh(&policy, 3, 5, 0, 60001), REFRESH_REPLAYED);
}

static void test_B13_anything_older_is_a_replay(void **state)
{
    (void)state;
    struct policy policy = lives(2592000, 0);
    policy.refresh_overlap = 60;
    for (int64_t g = 3; g < 50; g++)
        assert_int_equal(refresh(&policy, 0, g, 0, 0), REFRESH_REPLAYED);
    assert_int_equal(refresh(&policy, 0, INT64_MAX, 0, 0), REFRESH_REPLAYED);
}

static void test_refresh_of_no_honest_token(void **state)
{
    (void)state;
    struct policy policy = lives(2592000, 0);
    assert_int_equal(refresh(&policy, 5, 4, 0, 0), REFRESH_DENY);
    assert_int_equal(refresh(&policy, INT64_MAX, 4, 0, 0), REFRESH_DENY);
    assert_int_equal(refresh(&policy, -1, 0, 0, 0), REFRESH_DENY);
    assert_int_equal(refresh(&policy, INT64_MIN, INT64_MAX, 0, 0), REFRESH_DENY);
    assert_int_equal(refresh(&policy, 4, 4, 0, 0), REFRESH_DENY);
}

static struct refresh_facts rotated_now(void)
{
    struct refresh_facts f = {.found = true,
                              .session = fresh(),
                              .user_status = USER_ACTIVE,
                              .client_id = our_client,
                              .presented = 0};
    f.session.generation = 1;
    return f;
}

static void test_refresh_needs_the_same_client(void **state)
{
    (void)state;
    struct policy policy = lives(3600, 0);
    struct refresh_facts f = rotated_now();
    assert_int_equal(decide_refresh(&policy, &f, start), REFRESH_SUCCESSOR);
    f.client_id = other_client;
    assert_int_equal(decide_refresh(&policy, &f, start), REFRESH_DENY);
    f.session.ended_at = start; /* not even how the session stands */
    assert_int_equal(decide_refresh(&policy, &f, start), REFRESH_DENY);
    f.session.generation = 9;
    assert_int_equal(decide_refresh(&policy, &f, start), REFRESH_DENY);
    f = rotated_now();
    f.client_id = f.session.client_id = (struct id){{0}};
    assert_int_equal(decide_refresh(&policy, &f, start), REFRESH_DENY);
}

static void test_B15_refresh_of_a_dead_session(void **state)
{
    (void)state;
    struct policy policy = lives(3600, 0);
    struct refresh_facts f = rotated_now();
    assert_int_equal(decide_refresh(&policy, &f, start + 3600000), REFRESH_EXPIRED);
    f.session.rotated_at = start + 3599999;
    assert_int_equal(decide_refresh(&policy, &f, start + 3599999), REFRESH_SUCCESSOR);
    assert_int_equal(decide_refresh(&policy, &f, start + 3600000), REFRESH_EXPIRED);
    f.presented = 1; /* current, but storage did not advance */
    assert_int_equal(decide_refresh(&policy, &f, start + 3600000), REFRESH_EXPIRED);
    f.session.ended_at = start + 1;
    assert_int_equal(decide_refresh(&policy, &f, start + 2), REFRESH_ENDED);
    f.presented = 0;
    assert_int_equal(decide_refresh(&policy, &f, start + 2), REFRESH_ENDED);
}

static void test_refresh_of_a_banned_user(void **state)
{
    (void)state;
    struct policy policy = lives(3600, 0);
    struct refresh_facts f = rotated_now();
    f.user_status = USER_BANNED;
    assert_int_equal(decide_refresh(&policy, &f, start), REFRESH_BANNED);
    f.user_status = USER_DISABLED;
    assert_int_equal(decide_refresh(&policy, &f, start), REFRESH_BANNED);
    f.user_status = USER_NONE;
    assert_int_equal(decide_refresh(&policy, &f, start), REFRESH_DENY);
    f.user_status = USER_BANNED; /* theft is still seen */
    f.session.generation = 5;
    assert_int_equal(decide_refresh(&policy, &f, start), REFRESH_REPLAYED);
}

static void test_zeroed_refresh_is_denied(void **state)
{
    (void)state;
    struct policy policy = lives(3600, 0);
    struct policy none = {0};
    struct refresh_facts zero = {0};
    struct refresh_facts f = rotated_now();
    assert_int_equal(REFRESH_DENY, 0);
    assert_int_equal(decide_refresh(&policy, &zero, start), REFRESH_DENY);
    assert_int_equal(decide_refresh(&none, &zero, 0), REFRESH_DENY);
    zero.found = true;
    assert_int_equal(decide_refresh(&policy, &zero, start), REFRESH_DENY);
    assert_int_not_equal(decide_refresh(&none, &f, start), REFRESH_SUCCESSOR);
    f.found = false;
    assert_int_equal(decide_refresh(&policy, &f, start), REFRESH_DENY);
}

/* Storage's statement in miniature. */
static bool advance(const struct policy *policy, struct session *s, int64_t presented, int64_t now)
{
    struct refresh_cutoffs cut = refresh_cutoffs(policy, now);
    if (s->generation != presented || s->ended_at || s->created_at <= cut.created_after ||
        s->rotated_at <= cut.rotated_after)
        return false;
    s->previous_rotated_at = s->generation ? s->rotated_at : 0;
    s->rotated_at = now;
    s->generation++;
    return true;
}

static void test_cutoffs_agree_with_the_rule(void **state)
{
    (void)state;
    for (int64_t idle = 0; idle <= 20; idle += 5) {
        struct policy policy = lives(30, idle);
        for (int64_t t = 0; t <= 40000; t += 500) {
            for (int64_t edge = -1; edge <= 1; edge++) {
                int64_t now = start + t + edge;
                struct session s = fresh();
                bool live = decide_session(&policy, &s, USER_ACTIVE, now) == SESSION_LIVE;
                assert_int_equal(advance(&policy, &s, 0, now), live);
            }
        }
    }
    struct policy off = lives(30, 0);
    assert_int_equal(refresh_cutoffs(&off, start).rotated_after, INT64_MIN);
}

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

static int64_t when_made(const int64_t *made, int64_t generation)
{
    return generation > 0 ? made[generation] : start;
}

/* What the contract says, from the history of all generations instead of the two times on the row.
 */
static bool may_repeat(const struct policy *policy, const int64_t *made, int64_t p, int64_t g,
                       int64_t now)
{
    int64_t age = now - when_made(made, p + 1);
    bool unused = g == p + 1;
    return age <= 60000 && (unused || (g == p + 2 && age <= policy->refresh_overlap * 1000));
}

static void test_refresh_random_walk_follows_the_contract(void **state)
{
    (void)state;
    enum { STEPS = 200 };
    for (uint32_t run = 0; run < 500; run++) {
        int64_t made[STEPS + 2] = {0};
        uint32_t seed = run;
        struct policy policy = lives(34560000, 0);
        policy.refresh_overlap = next_random(&seed) % 61;
        struct refresh_facts f = rotated_now();
        f.session = fresh();
        int64_t now = start;
        for (int step = 0; step < STEPS; step++) {
            now += next_random(&seed) % (next_random(&seed) % 4 ? 9000 : 70000);
            int64_t back = next_random(&seed) % 4;
            f.presented = f.session.generation > back ? f.session.generation - back : 0;
            bool advanced = advance(&policy, &f.session, f.presented, now);
            if (advanced)
                made[f.session.generation] = now;
            bool good =
                advanced || may_repeat(&policy, made, f.presented, f.session.generation, now);
            assert_int_equal(decide_refresh(&policy, &f, now),
                             good ? REFRESH_SUCCESSOR : REFRESH_REPLAYED);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_V7_3_2_absolute_end),
        cmocka_unit_test(test_V7_3_1_idle_end),
        cmocka_unit_test(test_B15_shortened_policy_ends_sessions),
        cmocka_unit_test(test_session_states),
        cmocka_unit_test(test_zeroed_session_is_denied),
        cmocka_unit_test(test_access_token_never_outlives_the_session),
        cmocka_unit_test(test_max_sessions),
        cmocka_unit_test(test_refresh_while_successor_is_unused),
        cmocka_unit_test(test_refresh_after_successor_was_used),
        cmocka_unit_test(test_B13_anything_older_is_a_replay),
        cmocka_unit_test(test_refresh_of_no_honest_token),
        cmocka_unit_test(test_refresh_needs_the_same_client),
        cmocka_unit_test(test_B15_refresh_of_a_dead_session),
        cmocka_unit_test(test_refresh_of_a_banned_user),
        cmocka_unit_test(test_zeroed_refresh_is_denied),
        cmocka_unit_test(test_cutoffs_agree_with_the_rule),
        cmocka_unit_test(test_refresh_random_walk_follows_the_contract),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
