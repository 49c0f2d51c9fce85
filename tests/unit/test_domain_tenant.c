/* SPDX-License-Identifier: Apache-2.0
 *
 * A tenant's signing keys over time, its claims, its names, and the list of problems.
 */
#include "domain/tenant.h"

#include "base/arena.h"
#include "domain/claims.h"
#include "domain/decide.h"
#include "support/check.h"

static const int64_t now = INT64_C(1795301223123);
static const uint8_t secret[64];

static struct signing_key key(int64_t published, int64_t signs, int64_t leaves)
{
    return (struct signing_key){.kid = {"key_01JD9W8V3S8Q3ZK6T4N0E2M5RA"},
                                .secret_key = secret,
                                .published_at = published,
                                .signs_at = signs,
                                .leaves_at = leaves};
}

/* J16: published before it signs, and until its last token has expired. */
static void test_J16_rotation_overlaps(void **state)
{
    (void)state;
    struct rotation_times times = decide_rotation(now, false);
    assert_int_equal(times.signs_at, now + 360000);
    assert_int_equal(times.old_leaves_at, times.signs_at + 86400000 + 60000);
    struct signing_key keys[] = {key(now, times.signs_at, 0), key(1, 1, times.old_leaves_at)};
    struct tenant t = {.signing_keys = keys, .signing_key_count = 2};
    assert_ptr_equal(tenant_signing_key(&t, now), &keys[1]);
    assert_ptr_equal(tenant_signing_key(&t, times.signs_at - 1), &keys[1]);
    assert_ptr_equal(tenant_signing_key(&t, times.signs_at), &keys[0]);
    assert_ptr_equal(tenant_signing_key(&t, times.signs_at + 1), &keys[0]);
    assert_false(signing_key_published(&keys[0], now - CLOCK_SKEW_S * 1000 - 1));
    assert_true(signing_key_published(&keys[0], now - CLOCK_SKEW_S * 1000));
    assert_true(signing_key_published(&keys[0], now));
    /* the last token of the old key, at the longest life a policy may give */
    int64_t last_token_ends = times.signs_at - 1 + ACCESS_TOKEN_TTL_MAX_S * INT64_C(1000);
    assert_true(signing_key_published(&keys[1], last_token_ends + CLOCK_SKEW_S * 1000));
    assert_true(signing_key_published(&keys[1], times.old_leaves_at - 1));
    assert_false(signing_key_published(&keys[1], times.old_leaves_at));
    assert_false(signing_key_published(&keys[1], times.old_leaves_at + 1));
}

static void test_J16_longest_policy_is_covered(void **state)
{
    (void)state;
    for (size_t i = 0; i < policy_row_count; i++) {
        if (strcmp(policy_rows[i].name, "access_token_ttl") == 0)
            assert_true(policy_rows[i].max <= ACCESS_TOKEN_TTL_MAX_S);
    }
}

static void test_revoking_rotation_is_immediate(void **state)
{
    (void)state;
    struct rotation_times times = decide_rotation(now, true);
    assert_int_equal(times.signs_at, now);
    assert_int_equal(times.old_leaves_at, now);
    struct signing_key keys[] = {key(now, times.signs_at, 0), key(1, 1, times.old_leaves_at)};
    struct tenant t = {.signing_keys = keys, .signing_key_count = 2};
    assert_ptr_equal(tenant_signing_key(&t, now), &keys[0]);
    assert_false(signing_key_published(&keys[1], now));
}

static void test_rotation_by_age(void **state)
{
    (void)state;
    assert_false(rotation_due(now, 3600, now + 3599999));
    assert_true(rotation_due(now, 3600, now + 3600000));
    assert_true(rotation_due(now, 3600, now + 3600001));
    assert_false(rotation_due(now + 360000, 3600, now));
    assert_false(rotation_due(now, 0, now + INT64_C(86400000000)));
}

/* Two nodes' clocks differ: the one behind still signs for a new tenant, and after --revoke. */
static void test_only_key_signs_on_a_node_whose_clock_is_behind(void **state)
{
    (void)state;
    struct signing_key only = key(now, now, 0);
    struct tenant t = {.signing_keys = &only, .signing_key_count = 1};
    assert_ptr_equal(tenant_signing_key(&t, now - 5000), &only);
    assert_true(signing_key_published(&only, now - 5000));
    assert_null(tenant_signing_key(&t, now - CLOCK_SKEW_S * 1000 - 1));
}

static void test_no_key_signs_unless_it_may(void **state)
{
    (void)state;
    struct signing_key zero = {0};
    struct signing_key bare = key(1, 1, 0);
    struct tenant none = {0};
    struct tenant t = {.signing_keys = &zero, .signing_key_count = 1};
    assert_null(tenant_signing_key(&none, now));
    assert_null(tenant_signing_key(&t, now));
    assert_null(tenant_signing_key(&t, 0));
    assert_false(signing_key_published(&zero, now));
    bare.secret_key = NULL;
    t.signing_keys = &bare;
    assert_null(tenant_signing_key(&t, now));
    bare = key(1, 1, now);
    assert_null(tenant_signing_key(&t, now));
    assert_non_null(tenant_signing_key(&t, now - 1));
}

static void test_slugs(void **state)
{
    struct arena *a = *state;
    static const char *const good[] = {"ac",  "acme", "a1",
                                       "a-b", "a--",  "a2345678901234567890123456789012"};
    static const char *const bad[] = {"",
                                      "a",
                                      "Acme",
                                      "1a",
                                      "-a",
                                      "a_b",
                                      "a.b",
                                      "a b",
                                      "acme ",
                                      " acme",
                                      "a/b",
                                      "a\n",
                                      "\xc3\244b",
                                      "a%00b",
                                      "a@b",
                                      "aB",
                                      "..",
                                      "a'b",
                                      "a23456789012345678901234567890123"};
    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
        assert_true(slug_valid(str_of(good[i]), NULL, STR("slug")));
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        struct problems p = {.arena = a};
        assert_false(slug_valid(str_of(bad[i]), NULL, STR("slug")));
        assert_false(slug_valid(str_of(bad[i]), &p, STR("slug")));
        assert_int_equal(p.n, 1);
        check_str(p.list[0].field, "slug");
        assert_string_equal(p.list[0].code, "malformed");
    }
    assert_false(slug_valid(STR_NONE, NULL, STR("slug")));
    assert_false(slug_valid(STR("ac\0me"), NULL, STR("slug")));
}

static void test_words(void **state)
{
    (void)state;
    static const char *const environments[] = {"live", "test", "dev"};
    static const char *const statuses[] = {"provisioning", "active", "suspended", "deleted"};
    enum environment e;
    enum tenant_status s;
    for (int i = 0; i < 3; i++) {
        assert_true(environment_parse(str_of(environments[i]), &e));
        assert_int_equal(e, i);
        assert_string_equal(environment_name(e), environments[i]);
    }
    for (int i = 0; i < 4; i++) {
        assert_true(tenant_status_parse(str_of(statuses[i]), &s));
        assert_int_equal(s, TENANT_PROVISIONING + i);
        assert_string_equal(tenant_status_name(s), statuses[i]);
    }
    assert_false(environment_parse(STR("prod"), &e));
    assert_false(environment_parse(STR_NONE, &e));
    assert_false(tenant_status_parse(STR("unknown"), &s));
    assert_false(tenant_status_parse(STR(""), &s));
    assert_string_equal(tenant_status_name(TENANT_UNKNOWN), "unknown");
}

static void test_audience(void **state)
{
    (void)state;
    struct tenant t = {.id = {"tnt_01JD9W8V3S8Q3ZK6T4N0E2M5RA"}};
    struct client c = {0};
    check_str(token_audience(&t, NULL), "tnt_01JD9W8V3S8Q3ZK6T4N0E2M5RA");
    check_str(token_audience(&t, &c), "tnt_01JD9W8V3S8Q3ZK6T4N0E2M5RA");
    t.policy.audience = STR("https://api.acme.com");
    check_str(token_audience(&t, &c), "https://api.acme.com");
    c.audience = STR("mobile");
    check_str(token_audience(&t, &c), "mobile");
    check_str(token_audience(&t, NULL), "https://api.acme.com");
}

static struct str tenant_claims(struct arena *a, const struct tenant *t)
{
    struct buf b;
    struct json_writer w;
    buf_init(&b, a, 64);
    json_start(&w, &b);
    json_object_start(&w);
    claims_write_tenant(&w, t);
    json_object_end(&w);
    return buf_view(&b);
}

static void test_tenant_claims(void **state)
{
    struct arena *a = *state;
    struct tenant t = {.id = {"tnt_01JD9W8V3S8Q3ZK6T4N0E2M5RA"}};
    policy_defaults(&t.policy);
    check_str(tenant_claims(a, &t), "{\"tenant\":\"tnt_01JD9W8V3S8Q3ZK6T4N0E2M5RA\","
                                    "\"tenant_id\":\"tnt_01JD9W8V3S8Q3ZK6T4N0E2M5RA\","
                                    "\"tenantId\":\"tnt_01JD9W8V3S8Q3ZK6T4N0E2M5RA\"}");
    t.policy.tenant_claim_aliases.n = 0;
    check_str(tenant_claims(a, &t), "{\"tenant\":\"tnt_01JD9W8V3S8Q3ZK6T4N0E2M5RA\"}");
}

static void test_problems(void **state)
{
    struct arena *a = *state;
    struct problems p = {.arena = a};
    char field[] = "name";
    problem_add(NULL, STR("x"), "y", "nobody listens");
    problem_add(&p, str_of(field), "too_long", "at most %d %s", 200, "bytes");
    memset(field, 'x', 4);
    check_str(p.list[0].field, "name");
    check_str(p.list[0].message, "at most 200 bytes");
    for (int i = 0; i < 2 * PROBLEMS_MAX; i++)
        problem_add(&p, STR("n"), "malformed", "%d", i);
    assert_int_equal(p.n, PROBLEMS_MAX);
    check_str(p.list[PROBLEMS_MAX - 1].message, "14");
}

static int setup(void **state)
{
    *state = arena_create(4096);
    return 0;
}

static int teardown(void **state)
{
    arena_destroy(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_only_key_signs_on_a_node_whose_clock_is_behind),
        cmocka_unit_test(test_J16_rotation_overlaps),
        cmocka_unit_test(test_J16_longest_policy_is_covered),
        cmocka_unit_test(test_revoking_rotation_is_immediate),
        cmocka_unit_test(test_rotation_by_age),
        cmocka_unit_test(test_no_key_signs_unless_it_may),
        cmocka_unit_test(test_slugs),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_audience),
        cmocka_unit_test(test_tenant_claims),
        cmocka_unit_test(test_problems),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
