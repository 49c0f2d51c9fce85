/* SPDX-License-Identifier: Apache-2.0
 *
 * Rate limits: the bucket against arithmetic, the scopes against the policy, and addresses against
 * the many ways to write one host.
 */
#include "domain/rate.h"

#include <arpa/inet.h>

#include "support/check.h"

static int take_all(struct rate_bucket *b, int64_t per_minute, int64_t now, int tries)
{
    int64_t retry;
    int taken = 0;
    for (int i = 0; i < tries; i++)
        taken += rate_take(b, per_minute, now, &retry);
    return taken;
}

static void test_a_fresh_bucket_holds_exactly_n(void **state)
{
    (void)state;
    static const int limits[] = {1, 2, 30, 60, 6000, 60000};
    for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
        struct rate_bucket b = {0};
        assert_int_equal(take_all(&b, limits[i], 1000000, limits[i] + 500), limits[i]);
    }
    struct rate_bucket largest = {0};
    int64_t retry;
    assert_true(rate_take(&largest, 10000000, INT64_MAX / 2, &retry));
}

static void test_refills_evenly(void **state)
{
    (void)state;
    struct rate_bucket b = {0};
    int64_t retry;
    int64_t t = 5000000;
    assert_int_equal(take_all(&b, 60, t, 100), 60);
    assert_false(rate_take(&b, 60, t + 999, &retry));
    assert_int_equal(retry, 1);
    assert_true(rate_take(&b, 60, t + 1000, &retry));
    assert_int_equal(retry, 0);
    assert_false(rate_take(&b, 60, t + 1000, &retry));
    assert_int_equal(take_all(&b, 60, t + 11000, 100), 10);
    assert_int_equal(take_all(&b, 60, t + 1000000, 100), 60);
}

static void test_retry_after_is_enough_and_not_more(void **state)
{
    (void)state;
    for (int64_t limit = 1; limit <= 120; limit++) {
        struct rate_bucket b = {0};
        int64_t retry;
        take_all(&b, limit, 1000, 121);
        assert_false(rate_take(&b, limit, 1000, &retry));
        assert_true(retry >= 1 && retry <= 60);
        if (retry > 1)
            assert_false(rate_take(&b, limit, 1000 + (retry - 1) * 1000, &(int64_t){0}));
        assert_true(rate_take(&b, limit, 1000 + retry * 1000, &(int64_t){0}));
    }
}

/* No schedule gets more than the limit plus one bucket out of a stretch of time. */
static void test_never_more_than_the_limit(void **state)
{
    (void)state;
    for (int64_t step = 1; step < 3000; step += 97) {
        struct rate_bucket b = {0};
        int taken = 0;
        int64_t t = 0;
        for (; t <= 600000; t += step)
            taken += take_all(&b, 30, t, 3);
        assert_true(taken <= 30 + 300);
    }
}

static void test_zero_is_off(void **state)
{
    (void)state;
    struct rate_bucket b = {0};
    assert_int_equal(take_all(&b, 0, 1000, 5000), 5000);
}

static void test_limits_and_clocks_that_move(void **state)
{
    (void)state;
    struct rate_bucket b = {0};
    int64_t retry;
    assert_int_equal(take_all(&b, 6000, 1000, 6000), 6000);
    assert_false(rate_take(&b, 60, 1000, &retry));
    assert_int_equal(retry, 1);
    assert_int_equal(take_all(&b, 6000, 1000, 9000), 5940);
    assert_false(rate_take(&b, 6000, 500, &retry)); /* a clock that went back gives nothing */
    assert_false(rate_take(&b, 6000, 1000, &retry));
    b = (struct rate_bucket){.used = INT64_MAX, .at_ms = 0};
    assert_false(rate_take(&b, 60, 1, &retry));
    b = (struct rate_bucket){.used = INT64_MIN, .at_ms = 0};
    assert_int_equal(take_all(&b, 60, 1, 100), 60);
}

static void test_scopes_read_their_policy(void **state)
{
    (void)state;
    struct policy policy = {.rate_limit_address = 1,
                            .rate_limit_identifier = 2,
                            .rate_limit_key = 3,
                            .rate_limit_tenant = 4};
    assert_int_equal(rate_limit(&policy, RATE_ADDRESS), 1);
    assert_int_equal(rate_limit(&policy, RATE_IDENTIFIER), 2);
    assert_int_equal(rate_limit(&policy, RATE_KEY), 3);
    assert_int_equal(rate_limit(&policy, RATE_TENANT), 4);
}

static struct rate_address prefix(const char *text)
{
    uint8_t bytes[16];
    if (inet_pton(AF_INET, text, bytes) == 1)
        return rate_address_prefix(bytes, 4);
    assert_int_equal(inet_pton(AF_INET6, text, bytes), 1);
    return rate_address_prefix(bytes, 16);
}

static bool same(const char *a, const char *b)
{
    struct rate_address x = prefix(a);
    struct rate_address y = prefix(b);
    return memcmp(&x, &y, sizeof(x)) == 0;
}

/* Client address handling (CVE-2026-45364): one host is one bucket however it is written. */
static void test_client_address_one_bucket(void **state)
{
    (void)state;
    assert_int_equal(sizeof(struct rate_address), 9);
    assert_true(same("192.0.2.1", "::ffff:192.0.2.1"));
    assert_true(same("192.0.2.1", "::FFFF:c000:0201"));
    assert_false(same("192.0.2.1", "192.0.2.2"));
    assert_true(same("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff"));
    assert_true(same("2001:db8:1:2::1", "2001:0DB8:0001:0002:0:0:0:0001"));
    assert_false(same("2001:db8:1:2::1", "2001:db8:1:3::1"));
    assert_false(same("192.0.2.1", "c000:201::"));
    assert_int_equal(prefix("192.0.2.1").family, 4);
    assert_int_equal(prefix("::1").family, 6);
}

static void test_client_address_unparsable_is_still_counted(void **state)
{
    (void)state;
    static const uint8_t bytes[17] = {1, 2, 3};
    struct rate_address none = {0};
    for (size_t len = 0; len <= sizeof(bytes); len++) {
        struct rate_address got = rate_address_prefix(bytes, len);
        assert_int_equal(got.family, len == 4 ? 4 : len == 16 ? 6 : 0);
        if (!got.family)
            assert_memory_equal(&got, &none, sizeof(none));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_fresh_bucket_holds_exactly_n),
        cmocka_unit_test(test_refills_evenly),
        cmocka_unit_test(test_retry_after_is_enough_and_not_more),
        cmocka_unit_test(test_never_more_than_the_limit),
        cmocka_unit_test(test_zero_is_off),
        cmocka_unit_test(test_limits_and_clocks_that_move),
        cmocka_unit_test(test_scopes_read_their_policy),
        cmocka_unit_test(test_client_address_one_bucket),
        cmocka_unit_test(test_client_address_unparsable_is_still_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
