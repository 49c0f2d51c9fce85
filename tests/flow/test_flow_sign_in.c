/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "base/coro.h"
#include "crypto/jwt.h"
#include "crypto/token.h"
#include "flow/flow_fixture.h"
#include "flow/guess.h"
#include "flow/sign_in.h"
#include "flow/unlock.h"

#define EMAIL "ann@example.com"
#define PASSWORD "correct horse battery"
#define WRONG "wrong horse battery"

static void right_password_opens_a_session(void **state)
{
    (void)state;
    struct signed_in up = new_user(fx.a, EMAIL, PASSWORD);
    struct signed_in in;
    check_err(do_sign_in(fx.a, "Ann@EXAMPLE.com", PASSWORD, &in), ERR_OK);
    assert_true(id_eq(&in.user->id, &up.user->id));
    /* V7 7.2.4: a new id at every sign-in. */
    assert_false(id_eq(&in.session->id, &up.session->id));
    check_err(do_me(fx.a, in.session->access_token), ERR_OK);
    struct jwt_parts parts;
    check_err(jwt_split(fx.arena, in.session->access_token, "at+jwt", &parts), ERR_OK);
    assert_true(jwt_signature_valid(&parts, fx.a->signing_keys[0].public_key));
    assert_false(jwt_signature_valid(&parts, fx.b->signing_keys[0].public_key));
    check_str(text(fx.db_a, "SELECT actor_type FROM audit WHERE event = 'user.signed_in'"), "user");
}

/* V6 6.3.8: same answer, same statements, same rows. */
static void v6_unknown_user_looks_like_wrong_password(void **state)
{
    (void)state;
    struct signed_in out;
    new_user(fx.a, EMAIL, PASSWORD);
    sql(fx.db_a, "TRUNCATE audit");
    check_err(do_sign_in(fx.a, EMAIL, WRONG, &out), ERR_invalid_credentials);
    check_err(do_sign_in(fx.a, "nobody@example.com", WRONG, &out), ERR_invalid_credentials);
    assert_int_equal(number(fx.db_a, "SELECT count(*) FROM attempt WHERE failures = 1"), 2);
    assert_int_equal(number(fx.db_a, "SELECT count(*) FROM audit WHERE event ="
                                     " 'user.sign_in_failed' AND (detail->>'failures')::int = 1"),
                     2);
    /* V16 16.2.5: who was meant is a keyed hash, what was typed is nowhere. */
    assert_int_equal(number(fx.db_a, "SELECT count(*) FROM audit a WHERE a::text LIKE '%%horse%%'"
                                     " OR a::text LIKE '%%nobody%%'"),
                     0);
}

static void lockout_grows_and_a_success_clears_it(void **state)
{
    (void)state;
    struct signed_in out;
    struct sign_in_request in = {STR(EMAIL), STR(PASSWORD)};
    new_user(fx.a, EMAIL, PASSWORD);
    fx.a->policy.lockout_after = 2;
    check_err(do_sign_in(fx.a, EMAIL, WRONG, &out), ERR_invalid_credentials);
    check_err(do_sign_in(fx.a, EMAIL, WRONG, &out), ERR_invalid_credentials);
    struct call *c = call_new(fx.a, &in, &out);
    check_err(call_run(c, sign_in), ERR_account_locked);
    assert_int_equal(c->retry_after_s, 1);
    fx.now += 999;
    check_err(do_sign_in(fx.a, EMAIL, PASSWORD, &out), ERR_account_locked);
    fx.now += 1;
    check_err(do_sign_in(fx.a, EMAIL, WRONG, &out), ERR_invalid_credentials);
    fx.now += 1000;
    check_err(do_sign_in(fx.a, EMAIL, PASSWORD, &out), ERR_account_locked);
    fx.now += 1000;
    check_err(do_sign_in(fx.a, EMAIL, PASSWORD, &out), ERR_OK);
    check_err(do_sign_in(fx.a, EMAIL, WRONG, &out), ERR_invalid_credentials);
    check_err(do_sign_in(fx.a, EMAIL, PASSWORD, &out), ERR_OK);
    assert_int_equal(number(fx.db_a, "SELECT count(*) FROM audit WHERE event ="
                                     " 'user.sign_in_locked' AND detail->>'reason' = 'reached'"),
                     2);
}

static void unknown_user_is_locked_alike_and_tenants_are_apart(void **state)
{
    (void)state;
    struct signed_in out;
    fx.a->policy.lockout_after = 1;
    check_err(do_sign_in(fx.a, "nobody@example.com", WRONG, &out), ERR_invalid_credentials);
    check_err(do_sign_in(fx.a, "nobody@example.com", WRONG, &out), ERR_account_locked);
    fx.b->policy.lockout_after = 1;
    check_err(do_sign_in(fx.b, "nobody@example.com", WRONG, &out), ERR_invalid_credentials);
}

/* One counted guess without its hash: storage and rule alone. */
struct bare_guess {
    struct identifier id;
    struct guess_facts facts;
};

static enum err guess_only(struct call *c)
{
    struct bare_guess *g = c->out;
    g->id = identifier_of(c->tenant, STR(EMAIL));
    return users_guess(db_tenant(c->tenant), c->arena, &g->id, STR(EMAIL), &c->tenant->policy,
                       c->now, &g->facts);
}

/* Logto 1.41: lock exactly at n, and what SQL computes is what the rule says. */
static void lockout_statement_agrees_with_the_rule(void **state)
{
    (void)state;
    const int64_t afters[] = {1, 3, 10, 100};
    const int64_t delays[] = {1, 900, 86400};
    for (size_t i = 0; i < 12; i++) {
        struct policy *p = &fx.a->policy;
        p->lockout_after = afters[i % 4];
        p->lockout_delay = delays[i / 4];
        sql(fx.db_a, "TRUNCATE attempt");
        for (int64_t n = 1; n <= ATTEMPTS_HARD_STOP; n++) {
            struct bare_guess g;
            check_err(call_run(call_new(fx.a, NULL, &g), guess_only), ERR_OK);
            int64_t wait = lockout_wait_ms(p, n);
            assert_true(g.facts.attempt.reserved);
            assert_int_equal(g.facts.attempt.failures, n);
            assert_int_equal(g.facts.attempt.locked_until, wait ? fx.now + wait : 0);
            fx.now += wait;
        }
    }
}

/* N-6: a hundred failures in a row end it until recovery. */
static void n6_hard_stop_until_unlocked(void **state)
{
    (void)state;
    struct signed_in out;
    struct bare_guess g;
    struct unlock_request in = {STR("ANN@example.com")};
    new_user(fx.a, EMAIL, PASSWORD);
    for (int n = 0; n < ATTEMPTS_HARD_STOP; n++) {
        check_err(call_run(call_new(fx.a, NULL, &g), guess_only), ERR_OK);
        fx.now += fx.a->policy.lockout_delay * 1000;
    }
    fx.now += INT64_C(400) * 86400000;
    check_err(do_sign_in(fx.a, EMAIL, PASSWORD, &out), ERR_account_locked);
    assert_int_equal(number(fx.db_a, "SELECT failures FROM attempt"), ATTEMPTS_HARD_STOP);
    check_err(call_run(call_new(fx.a, &in, NULL), unlock), ERR_OK);
    check_err(do_sign_in(fx.a, EMAIL, PASSWORD, &out), ERR_OK);
    assert_int_equal(number(fx.db_a, "SELECT count(*) FROM audit JOIN app_user u ON u.id = user_id"
                                     " WHERE event = 'user.unlocked' AND actor_type = 'client'"),
                     1);
}

static enum err guesses[1000];

static void guess_wrong(size_t i)
{
    struct signed_in out;
    do /* more than may wait for one database: told to come back, and not counted */
        guesses[i] = do_sign_in(fx.a, EMAIL, WRONG, &out);
    while (told_to_come_again(guesses[i]));
}

/* CVE-2024-4629: a thousand parallel guesses are a thousand; lockout_after of them are compared. */
static void parallel_guesses_reach_the_hash_lockout_after_times(void **state)
{
    (void)state;
    size_t compared = 0;
    size_t locked = 0;
    new_user(fx.a, EMAIL, PASSWORD);
    fx.a->policy.lockout_after = 7;
    uint64_t hashed = hashes();
    in_parallel(1000, guess_wrong);
    for (size_t i = 0; i < 1000; i++) {
        compared += guesses[i] == ERR_invalid_credentials;
        locked += guesses[i] == ERR_account_locked;
    }
    assert_int_equal(hashes() - hashed, 7);
    /* One that was compared but could not be logged in the crowd was told to come back, too. */
    assert_in_range(compared, 1, 7);
    assert_int_equal(compared + locked, 1000);
    assert_int_equal(number(fx.db_a, "SELECT failures FROM attempt"), 7);
}

static void identifier_rate_is_limited(void **state)
{
    (void)state;
    struct signed_in out;
    new_user(fx.a, EMAIL, PASSWORD);
    fx.a->policy.rate_limit_identifier = 3;
    for (int i = 0; i < 3; i++)
        check_err(do_sign_in(fx.a, EMAIL, PASSWORD, &out), ERR_OK);
    struct sign_in_request in = {STR(EMAIL), STR(PASSWORD)};
    struct call *c = call_new(fx.a, &in, &out);
    check_err(call_run(c, sign_in), ERR_rate_limited);
    assert_in_range(c->retry_after_s, 1, 60);
    assert_int_equal(number(fx.db_a, "SELECT failures FROM attempt"), 0);
    fx.now += 60000;
    check_err(do_sign_in(fx.a, EMAIL, PASSWORD, &out), ERR_OK);
}

/* Lifecycle matrix: a banned user learns it only with the right password. */
static void banned_is_told_after_the_right_password_only(void **state)
{
    (void)state;
    struct signed_in out;
    new_user(fx.a, EMAIL, PASSWORD);
    sql(fx.db_a, "UPDATE app_user SET status = 'banned'");
    check_err(do_sign_in(fx.a, EMAIL, WRONG, &out), ERR_invalid_credentials);
    check_err(do_sign_in(fx.a, EMAIL, PASSWORD, &out), ERR_account_banned);
    assert_int_equal(number(fx.db_a, "SELECT count(*) FROM session"), 1);
}

static int64_t hashes_like(const char *pattern)
{
    return number(fx.db_a, "SELECT count(*) FROM password WHERE hash LIKE '%s'", pattern);
}

static void rehash_follows_the_policy_both_ways(void **state)
{
    (void)state;
    struct signed_in out;
    new_user(fx.a, EMAIL, PASSWORD);
    struct str changed_at = text(fx.db_a, "SELECT changed_at FROM password");
    fx.a->policy.password_hash = PASSWORD_HASH_SCRYPT;
    check_err(do_sign_in(fx.a, EMAIL, WRONG, &out), ERR_invalid_credentials);
    assert_int_equal(hashes_like("$argon2id$%"), 1);
    check_err(do_sign_in(fx.a, EMAIL, PASSWORD, &out), ERR_OK);
    assert_int_equal(hashes_like("$s1$%"), 1);
    check_err(do_sign_in(fx.a, EMAIL, PASSWORD, &out), ERR_OK);
    fx.a->policy.password_hash = PASSWORD_HASH_ARGON2ID;
    check_err(do_sign_in(fx.a, EMAIL, PASSWORD, &out), ERR_OK);
    assert_int_equal(hashes_like("$argon2id$%"), 1);
    check_err(do_sign_in(fx.a, EMAIL, PASSWORD, &out), ERR_OK);
    assert_true(str_eq(changed_at, text(fx.db_a, "SELECT changed_at FROM password")));
}

static void oldest_session_ends_beyond_the_limit(void **state)
{
    (void)state;
    struct signed_in first = new_user(fx.a, EMAIL, PASSWORD);
    struct signed_in second, third;
    fx.a->policy.max_sessions_per_user = 2;
    fx.now += 1000;
    check_err(do_sign_in(fx.a, EMAIL, PASSWORD, &second), ERR_OK);
    check_err(do_me(fx.a, first.session->access_token), ERR_OK);
    fx.now += 1000;
    check_err(do_sign_in(fx.a, EMAIL, PASSWORD, &third), ERR_OK);
    check_err(do_me(fx.a, first.session->access_token), ERR_session_revoked);
    check_err(do_me(fx.a, second.session->access_token), ERR_OK);
    check_err(do_me(fx.a, third.session->access_token), ERR_OK);
    check_str(text(fx.db_a, "SELECT end_reason FROM session WHERE ended_at IS NOT NULL"),
              "max_sessions");
    check_str(text(fx.db_a, "SELECT detail->>'sessions' FROM audit WHERE event = 'session.ended'"),
              "1");
}

static void sign_in_right(size_t i)
{
    struct signed_in out;
    do
        guesses[i] = do_sign_in(fx.a, EMAIL, PASSWORD, &out);
    while (told_to_come_again(guesses[i]));
}

static void parallel_sign_ins_keep_to_the_session_limit(void **state)
{
    (void)state;
    new_user(fx.a, EMAIL, PASSWORD);
    fx.a->policy.max_sessions_per_user = 3;
    fx.a->policy.lockout_after = 100;
    in_parallel(30, sign_in_right);
    for (size_t i = 0; i < 30; i++)
        check_err(guesses[i], ERR_OK);
    assert_int_equal(number(fx.db_a, "SELECT count(*) FROM session"), 31);
    assert_int_equal(number(fx.db_a, "SELECT count(*) FROM session WHERE ended_at IS NULL"), 3);
}

/* What happened while we hashed: the facts are read, then the world changes, then we write. */
static enum err open_stale(struct call *c)
{
    const struct guess_facts *f = c->in;
    bool *opened = c->out;
    struct session_opening o = {
        .event = {.id = id_new("evt_", c->now),
                  .at = c->now,
                  .event = EVENT_USER_SIGNED_IN,
                  .user = f->user.id,
                  .session = id_new("ses_", c->now),
                  .client = c->client->id},
        .identifier = identifier_of(c->tenant, STR(EMAIL)),
        .verified_changed_at = f->password_changed_at,
        .amr = STR("pwd"),
        .others_kept = 0,
    };
    o.trimmed_event = o.event;
    o.trimmed_event.id = id_new("evt_", c->now);
    o.trimmed_event.event = EVENT_SESSION_ENDED;
    o.trimmed_event.detail = STR("{\"reason\":\"max_sessions\"}");
    return sessions_open(db_tenant(c->tenant), c->arena, &o, opened);
}

static void ban_or_new_password_while_hashing_opens_nothing(void **state)
{
    (void)state;
    static const char *const changes[] = {"UPDATE app_user SET status = 'banned'",
                                          "UPDATE app_user SET status = 'active';"
                                          "UPDATE password SET changed_at = changed_at + '1 ms'"};
    struct bare_guess g;
    bool opened = true;
    new_user(fx.a, EMAIL, PASSWORD);
    check_err(call_run(call_new(fx.a, NULL, &g), guess_only), ERR_OK);
    for (size_t i = 0; i < 2; i++) {
        sql(fx.db_a, "%s", changes[i]);
        check_err(call_run(call_new(fx.a, &g.facts, &opened), open_stale), ERR_OK);
        assert_false(opened);
        assert_int_equal(number(fx.db_a, "SELECT count(*) FROM session WHERE ended_at IS NULL"), 1);
        assert_int_equal(number(fx.db_a, "SELECT count(*) FROM audit"), 1);
        assert_int_equal(number(fx.db_a, "SELECT failures FROM attempt"), 1);
    }
}

enum { CROWD = 30, QUEUE = 2 };
static size_t overloaded;

/* One sees to it that the thread does not come to hash before all but the queue were refused. */
static void sign_in_in_a_crowd(size_t i)
{
    struct signed_in out;
    if (i < CROWD) {
        guesses[i] = do_sign_in(fx.a, EMAIL, PASSWORD, &out);
        overloaded += guesses[i] == ERR_overloaded;
        return;
    }
    while (overloaded < CROWD - QUEUE && clock_mono_ms() < coro_deadline())
        coro_sleep(1);
    let_go();
}

static void full_queue_gives_the_guess_back(void **state)
{
    (void)state;
    struct workers *real = flow_config.hashers;
    overloaded = 0;
    new_user(fx.a, EMAIL, PASSWORD);
    fx.a->policy.lockout_after = 100;
    flow_config.hashers = held_workers(QUEUE);
    in_parallel(CROWD + 1, sign_in_in_a_crowd);
    workers_destroy(flow_config.hashers);
    flow_config.hashers = real;
    assert_int_equal(overloaded, CROWD - QUEUE);
    assert_int_equal(number(fx.db_a, "SELECT failures FROM attempt"), 0);
    assert_int_equal(number(fx.db_a, "SELECT count(*) FROM attempt WHERE locked_until > now()"), 0);
}

/* V16 16.5.2: never a wrong password. */
static void database_down_is_503(void **state)
{
    (void)state;
    struct signed_in out;
    new_user(fx.a, EMAIL, PASSWORD);
    sql(fx.db_b,
        "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity"
        " WHERE datname = '%s' AND usename <> 'postgres'",
        fx.acme.database);
    sql(fx.db_b, "ALTER DATABASE %s ALLOW_CONNECTIONS false", fx.acme.database);
    enum err e = do_sign_in(fx.a, EMAIL, PASSWORD, &out);
    sql(fx.db_b, "ALTER DATABASE %s ALLOW_CONNECTIONS true", fx.acme.database);
    assert_int_equal(err_rows[e].status, 503);
    in_parallel(1, sign_in_right);
    check_err(guesses[0], ERR_OK);
}

static void malformed_input_is_named_and_costs_nothing(void **state)
{
    (void)state;
    struct signed_in out;
    uint64_t hashed = hashes();
    check_err(do_sign_in(fx.a, "nobody", WRONG, &out), ERR_validation_failed);
    assert_int_equal(hashes(), hashed);
    assert_int_equal(number(fx.db_a, "SELECT count(*) FROM attempt"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        flow_test(right_password_opens_a_session),
        flow_test(v6_unknown_user_looks_like_wrong_password),
        flow_test(lockout_grows_and_a_success_clears_it),
        flow_test(unknown_user_is_locked_alike_and_tenants_are_apart),
        flow_test(lockout_statement_agrees_with_the_rule),
        flow_test(n6_hard_stop_until_unlocked),
        flow_test(parallel_guesses_reach_the_hash_lockout_after_times),
        flow_test(identifier_rate_is_limited),
        flow_test(banned_is_told_after_the_right_password_only),
        flow_test(rehash_follows_the_policy_both_ways),
        flow_test(oldest_session_ends_beyond_the_limit),
        flow_test(parallel_sign_ins_keep_to_the_session_limit),
        flow_test(ban_or_new_password_while_hashing_opens_nothing),
        flow_test(full_queue_gives_the_guess_back),
        flow_test(malformed_input_is_named_and_costs_nothing),
        flow_test(database_down_is_503),
    };
    return flow_tests(tests);
}
