/* SPDX-License-Identifier: Apache-2.0
 *
 * libauthd-verify: how often an issuer is asked for its keys, with an issuer that counts and a
 * clock of the test's own.
 */
#include "verify/keys.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "support/check.h"

#define ISSUER "https://a.example/t/acme"

/* An issuer as the test wants it: the key is `kid`, fetching takes a while. */
struct source {
    atomic_int asked;
    enum fetch_result result;
    int64_t fresh_s;
    const char *kid;
    useconds_t takes_us;
};

static enum fetch_result answer(void *arg, const char *issuer, struct key_set *out,
                                int64_t *fresh_s)
{
    struct source *s = arg;
    atomic_fetch_add(&s->asked, 1);
    usleep(s->takes_us);
    *out = (struct key_set){.n = 1};
    snprintf(out->owner, sizeof(out->owner), "owner of %.40s", issuer);
    snprintf(out->keys[0].kid, sizeof(out->keys[0].kid), "%s", s->kid);
    *fresh_s = s->fresh_s;
    return s->result;
}

static struct source source;
static struct key_store *store;

static int setup(void **state)
{
    (void)state;
    struct authd_verify_options o = AUTHD_VERIFY_OPTIONS;
    source = (struct source){.result = FETCH_DONE, .fresh_s = 300, .kid = "key_1"};
    store = authdv_keys_new(&o, (struct key_source){answer, &source});
    return store ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    authdv_keys_free(store);
    return 0;
}

static enum authd_verify_error look(const char *issuer, const char *kid, int64_t now)
{
    struct found_key key;
    return authdv_key_for(store, issuer, kid, now, &key);
}

#define FOUND AUTHD_VERIFY_NONE
#define UNKNOWN AUTHD_VERIFY_UNKNOWN_KEY
#define UNAVAILABLE AUTHD_VERIFY_UNAVAILABLE
#define expect(kid, now, error, asked_so_far)              \
    do {                                                   \
        assert_int_equal(look(ISSUER, kid, now), (error)); \
        assert_int_equal(source.asked, (asked_so_far));    \
    } while (0)

static void test_fetched_once_while_fresh(void **state)
{
    (void)state;
    struct found_key key;
    assert_int_equal(authdv_key_for(store, ISSUER, "key_1", 1000, &key), FOUND);
    assert_string_equal(key.owner, "owner of " ISSUER);
    expect("key_1", 1000, FOUND, 1);
    expect("key_1", 1299, FOUND, 1);
    expect("key_1", 1300, FOUND, 2);
    expect("key_1", 1599, FOUND, 2);
}

/* No less than half a minute, no more than an hour, and five minutes when nothing was said. */
static void test_freshness_is_bounded(void **state)
{
    (void)state;
    source.fresh_s = 0;
    expect("key_1", 1000, FOUND, 1);
    expect("key_1", 1029, FOUND, 1);
    source.fresh_s = INT64_MAX;
    expect("key_1", 1030, FOUND, 2);
    expect("key_1", 4629, FOUND, 2);
    source.fresh_s = -1;
    expect("key_1", 4630, FOUND, 3);
    expect("key_1", 4929, FOUND, 3);
    expect("key_1", 4930, FOUND, 4);
}

static void test_a_new_key_is_found_without_waiting(void **state)
{
    (void)state;
    expect("key_1", 1000, FOUND, 1);
    source.kid = "key_2";
    expect("key_1", 1001, FOUND, 1);
    expect("key_2", 1002, FOUND, 2);
    expect("key_1", 1003, UNKNOWN, 2);
}

static void test_unknown_keys_ask_once_in_five_minutes(void **state)
{
    (void)state;
    char kid[32];
    source.fresh_s = 3600;
    expect("key_1", 1000, FOUND, 1);
    for (int i = 0; i < 1000; i++) {
        snprintf(kid, sizeof(kid), "forged %d", i);
        expect(kid, 1000 + i * 299 / 1000, UNKNOWN, 2);
    }
    expect("forged", 1300, UNKNOWN, 3);
    expect("key_1", 1301, FOUND, 3);
}

static void test_old_keys_go_on_when_the_issuer_is_down(void **state)
{
    (void)state;
    expect("key_1", 1000, FOUND, 1);
    source.result = FETCH_FAILED;
    expect("key_1", 1300, FOUND, 2);
    expect("key_1", 1304, FOUND, 2);
    expect("key_1", 1305, FOUND, 3);
    expect("key_2", 1306, UNAVAILABLE, 3);
    expect("key_1", 4899, FOUND, 4);
    expect("key_1", 4904, UNAVAILABLE, 5); /* stale_s is an hour */
    expect("key_1", 4905, UNAVAILABLE, 5);
    source.result = FETCH_DONE;
    expect("key_1", 4909, FOUND, 6);
}

static void test_an_issuer_that_is_gone_takes_its_keys_along(void **state)
{
    (void)state;
    expect("key_1", 1000, FOUND, 1);
    source.result = FETCH_GONE;
    expect("key_1", 1300, UNKNOWN, 2);
    expect("key_1", 1359, UNKNOWN, 2);
    source.result = FETCH_DONE;
    expect("key_1", 1360, FOUND, 3);
}

static void test_down_from_the_start(void **state)
{
    (void)state;
    source.result = FETCH_FAILED;
    expect("key_1", 1000, UNAVAILABLE, 1);
    expect("key_1", 1004, UNAVAILABLE, 1);
    source.result = FETCH_DONE;
    expect("key_1", 1005, FOUND, 2);
}

/* Anybody can name any issuer of the right form. */
static void test_unknown_issuers_are_asked_at_a_bounded_rate(void **state)
{
    (void)state;
    char issuer[64];
    assert_int_equal(look(ISSUER, "key_1", 1000), FOUND);
    source.result = FETCH_GONE;
    for (int i = 0; i < 10000; i++) {
        snprintf(issuer, sizeof(issuer), "https://a.example/t/x%d", i);
        enum authd_verify_error e = look(issuer, "key_1", 1000);
        assert_true(e == UNKNOWN || e == UNAVAILABLE);
    }
    assert_in_range(source.asked, 1, 60);
    int before = source.asked;
    for (int i = 0; i < 10000; i++) {
        snprintf(issuer, sizeof(issuer), "https://a.example/t/y%d", i);
        look(issuer, "key_1", 1001);
    }
    assert_int_equal(source.asked, before + 10);
    source.result = FETCH_DONE;
    assert_int_equal(look(ISSUER, "key_1", 1001), FOUND);
    assert_int_equal(look("https://a.example/t/late", "key_1", 1002), FOUND);
}

/* More tenants than are kept: those that are used stay right, and none is starved by success. */
static void test_many_issuers(void **state)
{
    (void)state;
    char issuer[64];
    for (int i = 0; i < 6000; i++) {
        struct found_key key;
        snprintf(issuer, sizeof(issuer), "https://a.example/t/x%d", i);
        assert_int_equal(authdv_key_for(store, issuer, "key_1", 1000 + i / 100, &key), FOUND);
        assert_string_equal(key.owner + 9, issuer);
    }
    assert_int_equal(source.asked, 6000);
    assert_int_equal(look(issuer, "key_1", 1061), FOUND);
    assert_int_equal(source.asked, 6000);
}

struct asker {
    const char *kid;
    int64_t now;
    enum authd_verify_error error;
};

static void *ask(void *arg)
{
    struct asker *a = arg;
    a->error = look(ISSUER, a->kid, a->now);
    return NULL;
}

static void ask_together(const char *kid, int64_t now, enum authd_verify_error expected)
{
    enum { THREADS = 32 };
    pthread_t threads[THREADS];
    struct asker askers[THREADS];
    for (int i = 0; i < THREADS; i++) {
        askers[i] = (struct asker){.kid = kid, .now = now};
        assert_int_equal(pthread_create(&threads[i], NULL, ask, &askers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(askers[i].error, expected);
    }
}

static void test_many_threads_cause_one_fetch(void **state)
{
    (void)state;
    source.takes_us = 50000;
    ask_together("key_1", 1000, FOUND);
    assert_int_equal(source.asked, 1);
    source.kid = "key_2";
    ask_together("key_2", 1001, FOUND);
    assert_int_equal(source.asked, 2);
    ask_together("forged", 1002, UNKNOWN);
    assert_int_equal(source.asked, 2);
    ask_together("key_2", 1301, FOUND);
    assert_int_equal(source.asked, 3);
    source.result = FETCH_FAILED;
    ask_together("key_2", 99999, UNAVAILABLE);
    assert_int_equal(source.asked, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_fetched_once_while_fresh, setup, teardown),
        cmocka_unit_test_setup_teardown(test_freshness_is_bounded, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_new_key_is_found_without_waiting, setup, teardown),
        cmocka_unit_test_setup_teardown(test_unknown_keys_ask_once_in_five_minutes, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_old_keys_go_on_when_the_issuer_is_down, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_an_issuer_that_is_gone_takes_its_keys_along, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_down_from_the_start, setup, teardown),
        cmocka_unit_test_setup_teardown(test_unknown_issuers_are_asked_at_a_bounded_rate, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_many_issuers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_many_threads_cause_one_fetch, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
