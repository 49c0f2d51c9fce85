/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of buckets: exact under any interleaving, bounded, and apart by tenant.
 */
#include <pthread.h>

#include "base/id.h"
#include "http/rate.h"
#include "support/check.h"

static struct rate_key key_of(uint64_t tenant, enum rate_scope scope, uint32_t who)
{
    struct rate_key key = {.tenant = tenant, .scope = scope};
    memcpy(key.who, &who, sizeof(who));
    return key;
}

static unsigned allowed(const struct rate_key *key, int64_t limit, int64_t now, unsigned tries)
{
    unsigned n = 0;
    int64_t retry;
    for (unsigned i = 0; i < tries; i++)
        n += rate_allow(key, limit, now, &retry);
    return n;
}

static void exactly_the_limit(void **state)
{
    (void)state;
    for (int64_t limit = 1; limit <= 100; limit += 9) {
        struct rate_key key = key_of(1, RATE_KEY, (uint32_t)limit);
        assert_int_equal(allowed(&key, limit, 5000, 300), limit);
        assert_int_equal(allowed(&key, limit, 5000 + 60000, 300), limit);
    }
    struct rate_key off = key_of(1, RATE_KEY, 0);
    assert_int_equal(allowed(&off, 0, 5000, 1000), 1000);
}

static void refills_evenly(void **state)
{
    (void)state;
    struct rate_key key = key_of(2, RATE_ADDRESS, 1);
    int64_t retry;
    assert_int_equal(allowed(&key, 60, 0, 100), 60);
    assert_false(rate_allow(&key, 60, 999, &retry));
    assert_int_equal(retry, 1);
    assert_true(rate_allow(&key, 60, 1000, &retry));
    assert_false(rate_allow(&key, 60, 1000, &retry));
    /* whoever waits as told is served */
    assert_true(rate_allow(&key, 60, 1000 + retry * 1000, &retry));
}

/* In any minute no more than twice the limit passes: a full bucket and what it refills. */
static void never_more_than_a_bucket_and_its_refill(void **state)
{
    (void)state;
    struct rate_key key = key_of(3, RATE_ADDRESS, 1);
    int64_t now = 1000;
    unsigned total = 0;
    for (int i = 0; i < 20000; i++) {
        now += (int64_t)random_below(7);
        total += allowed(&key, 30, now, 1 + random_below(3));
    }
    assert_true(total <= 30 + (now - 1000) * 30 / 60000 + 1);
    assert_true(total >= 30 + (now - 1000) * 30 / 60000 - 1);
}

static void scopes_tenants_and_callers_are_apart(void **state)
{
    (void)state;
    for (uint64_t tenant = 10; tenant < 13; tenant++) {
        for (uint32_t who = 0; who < 3; who++) {
            struct rate_key address = key_of(tenant, RATE_ADDRESS, who);
            struct rate_key client = key_of(tenant, RATE_KEY, who);
            assert_int_equal(allowed(&address, 2, 1000, 5), 2);
            assert_int_equal(allowed(&client, 3, 1000, 5), 3);
        }
    }
}

static void stays_bounded(void **state)
{
    (void)state;
    rate_reset();
    for (uint32_t who = 0; who < 3 * RATE_TABLE_MAX; who++) {
        struct rate_key key = key_of(20, RATE_ADDRESS, who);
        assert_int_equal(allowed(&key, 5, 1000, 1), 1);
    }
    assert_true(rate_bucket_count() <= RATE_TABLE_MAX);
    assert_true(rate_bucket_count() > RATE_TABLE_MAX / 2);
    /* one that stays in use is not pushed out */
    struct rate_key busy = key_of(21, RATE_ADDRESS, 7);
    unsigned passed = 0;
    for (uint32_t who = 0; who < RATE_TABLE_MAX; who++) {
        struct rate_key other = key_of(22, RATE_ADDRESS, who);
        (void)allowed(&other, 5, 1000, 1);
        if (who % 16 == 0)
            passed += allowed(&busy, 5, 1000, 1);
    }
    assert_int_equal(passed, 5);
    /* what is full again goes */
    for (uint32_t who = 0; who < RATE_TABLE_MAX; who++) {
        struct rate_key key = key_of(23, RATE_ADDRESS, who);
        (void)allowed(&key, 5, 1000 + 120000 + who, 1);
    }
    assert_true(rate_bucket_count() <= RATE_TABLE_MAX);
}

static void *take_many(void *total)
{
    struct rate_key key = key_of(30, RATE_TENANT, 0);
    *(unsigned *)total = allowed(&key, 1000, 7000, 5000);
    return NULL;
}

static void N6_a_thousand_in_parallel_count_as_a_thousand(void **state)
{
    (void)state;
    pthread_t threads[4];
    unsigned totals[4];
    unsigned sum = 0;
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, take_many, &totals[i]), 0);
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        sum += totals[i];
    }
    assert_int_equal(sum, 1000);
}

static int forget(void **state)
{
    (void)state;
    rate_reset();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exactly_the_limit),
        cmocka_unit_test(refills_evenly),
        cmocka_unit_test(never_more_than_a_bucket_and_its_refill),
        cmocka_unit_test(scopes_tenants_and_callers_are_apart),
        cmocka_unit_test(stays_bounded),
        cmocka_unit_test(N6_a_thousand_in_parallel_count_as_a_thousand),
    };
    return cmocka_run_group_tests(tests, NULL, forget);
}
