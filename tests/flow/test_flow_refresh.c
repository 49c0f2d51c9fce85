/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/token.h"
#include "flow/flow_fixture.h"
#include "flow/refresh.h"
#include "flow/sign_out.h"

#define EMAIL "ann@example.com"
#define PASSWORD "correct horse battery"

static struct str fresh_token(void)
{
    return new_user(fx.a, EMAIL, PASSWORD).session->refresh_token;
}

static int64_t generation(void)
{
    return number(fx.db_a, "SELECT generation FROM session");
}

static void rotates(void **state)
{
    (void)state;
    struct str first = fresh_token();
    struct session_tokens second, third;
    fx.now += 60000;
    check_err(do_refresh(fx.a, first, &second), ERR_OK);
    assert_false(str_eq(second.refresh_token, first));
    check_err(do_me(fx.a, second.access_token), ERR_OK);
    assert_int_equal(second.expires_in, 900);
    fx.now += 60000;
    check_err(do_refresh(fx.a, second.refresh_token, &third), ERR_OK);
    assert_int_equal(generation(), 2);
}

static void a_lost_reply_gets_the_same_successor(void **state)
{
    (void)state;
    struct str first = fresh_token();
    struct session_tokens a, b, c;
    fx.now += 60000;
    check_err(do_refresh(fx.a, first, &a), ERR_OK);
    fx.now += 9000;
    check_err(do_refresh(fx.a, first, &b), ERR_OK);
    assert_true(str_eq(a.refresh_token, b.refresh_token));
    assert_int_equal(generation(), 1);
    /* Unused successor: up to a minute. Used: refresh_overlap. */
    fx.now += 50000;
    check_err(do_refresh(fx.a, first, &b), ERR_OK);
    check_err(do_refresh(fx.a, a.refresh_token, &c), ERR_OK);
    assert_int_equal(generation(), 2);
}

/* B13: a copy in other hands ends the family, the honest holder's newest token included. */
static void b13_late_replay_ends_the_session(void **state)
{
    (void)state;
    struct str first = fresh_token();
    struct session_tokens second, none;
    fx.now += 1000;
    check_err(do_refresh(fx.a, first, &second), ERR_OK);
    fx.now += 60001;
    check_err(do_refresh(fx.a, first, &none), ERR_session_revoked);
    check_err(do_refresh(fx.a, second.refresh_token, &none), ERR_session_revoked);
    check_err(do_me(fx.a, second.access_token), ERR_session_revoked);
    check_err(do_refresh(fx.a, first, &none), ERR_session_revoked);
    assert_int_equal(
        number(fx.db_a, "SELECT count(*) FROM audit WHERE event = 'session.refresh_replayed'"), 1);
    check_str(text(fx.db_a, "SELECT end_reason FROM session"), "refresh_replayed");
}

static struct str shared;
static struct session_tokens raced[200];
static enum err results[200];

static void refresh_shared(size_t i)
{
    do
        results[i] = do_refresh(fx.a, shared, &raced[i]);
    while (told_to_come_again(results[i]));
}

static void two_hundred_uses_have_one_successor(void **state)
{
    (void)state;
    shared = fresh_token();
    fx.now += 1000;
    in_parallel(200, refresh_shared);
    for (size_t i = 0; i < 200; i++) {
        check_err(results[i], ERR_OK);
        assert_true(str_eq(raced[i].refresh_token, raced[0].refresh_token));
    }
    assert_int_equal(generation(), 1);
    assert_int_equal(number(fx.db_a, "SELECT count(*) FROM session WHERE ended_at IS NULL"), 1);
}

/* Refreshes that meet share a statement: each caller still gets what its own token is worth. Of
 * every ten, the first eight are fresh, the ninth was used before (its successor is out), the tenth
 * has ended; and the fresh ones come twice. */
enum { SESSIONS = 60 };
static struct str mixed[SESSIONS * 2];
static struct session_tokens met[SESSIONS * 2];
static enum err outcomes[SESSIONS * 2];

static void refresh_mixed(size_t i)
{
    do
        outcomes[i] = do_refresh(fx.a, mixed[i], &met[i]);
    while (told_to_come_again(outcomes[i]));
}

static void add_session(size_t i, const struct id *user)
{
    struct id session = id_new("ses_", fx.now);
    char token[REFRESH_TOKEN_LEN + 1];
    sql(fx.db_a,
        "INSERT INTO session SELECT (jsonb_populate_record(s, '{\"id\": \"%s\"}')).* FROM session s"
        " WHERE user_id = '%s' LIMIT 1",
        session.z, user->z);
    sql(fx.db_a,
        "UPDATE session SET generation = %d, ended_at = CASE WHEN %d = 1 THEN now() END,"
        " end_reason = CASE WHEN %d = 1 THEN 'test' END WHERE id = '%s'",
        i % 10 == 8 ? 5 : 0, i % 10 == 9, i % 10 == 9, session.z);
    refresh_token_make(fx.a->secrets->refresh, &session, 0, token);
    mixed[i] = mixed[SESSIONS + i] = str_copy(fx.arena, str_of(token));
}

static void refreshes_that_meet_are_kept_apart(void **state)
{
    (void)state;
    static const enum err expected[10] = {[8] = ERR_session_revoked, [9] = ERR_session_revoked};
    struct signed_in u = new_user(fx.a, EMAIL, PASSWORD);
    for (size_t i = 0; i < SESSIONS; i++)
        add_session(i, &u.user->id);
    fx.now += 1000;
    in_parallel(SESSIONS * 2, refresh_mixed);
    for (size_t i = 0; i < SESSIONS * 2; i++) {
        check_err(outcomes[i], expected[i % 10]);
        if (outcomes[i] != ERR_OK)
            continue;
        struct id owner;
        uint32_t next;
        assert_true(
            refresh_token_open(fx.a->secrets->refresh, met[i].refresh_token, &owner, &next));
        assert_true(id_eq(&owner, &met[i].id) && next == 1);
        assert_true(str_eq(met[i].refresh_token, met[i % SESSIONS].refresh_token));
        check_err(do_me(fx.a, met[i].access_token), ERR_OK);
    }
    assert_int_equal(number(fx.db_a, "SELECT count(*) FROM session WHERE generation = 1"), 48);
}

static void check_life(int64_t ms, int64_t life_ms, enum err expected)
{
    struct session_tokens out;
    struct str token = fresh_token();
    fx.now += life_ms + ms;
    check_err(do_refresh(fx.a, token, &out), expected);
    if (expected == ERR_OK)
        assert_true(out.access_token_expires_at <= fx.now - ms + 1000);
    sql(fx.db_a, "TRUNCATE app_user CASCADE");
}

/* B15, V7 7.3.2: at t-1, t, t+1; an access token never outlives the session. */
static void b15_v7_absolute_life(void **state)
{
    (void)state;
    fx.a->policy.session_duration = 3600;
    check_life(-1, 3600000, ERR_OK);
    check_life(0, 3600000, ERR_refresh_token_expired);
    check_life(1, 3600000, ERR_refresh_token_expired);
}

/* B15, V7 7.3.1. */
static void b15_v7_idle_life(void **state)
{
    (void)state;
    struct session_tokens t;
    fx.a->policy.session_idle = 600;
    struct str token = fresh_token();
    for (int i = 0; i < 5; i++) {
        fx.now += 599999;
        check_err(do_refresh(fx.a, token, &t), ERR_OK);
        token = t.refresh_token;
    }
    fx.now += 600000;
    check_err(do_refresh(fx.a, token, &t), ERR_refresh_token_expired);
    assert_int_equal(generation(), 5);
}

static void a_shortened_policy_bites_at_once(void **state)
{
    (void)state;
    struct signed_in u = new_user(fx.a, EMAIL, PASSWORD);
    struct session_tokens out;
    fx.now += 600000;
    check_err(do_me(fx.a, u.session->access_token), ERR_OK);
    fx.a->policy.session_duration = 599;
    check_err(do_me(fx.a, u.session->access_token), ERR_session_revoked);
    check_err(do_refresh(fx.a, u.session->refresh_token, &out), ERR_refresh_token_expired);
}

/* J15-like, B14: a token works for its own tenant and client only, and trying changes nothing. */
static void other_tenant_and_other_client_are_refused(void **state)
{
    (void)state;
    struct str token = fresh_token();
    struct session_tokens out;
    struct refresh_token_request in = {token};
    check_err(do_refresh(fx.b, token, &out), ERR_refresh_token_invalid);
    struct call *c = call_new(fx.a, &in, &out);
    c->client = &fx.a->clients[1];
    check_err(call_run(c, refresh), ERR_refresh_token_invalid);
    assert_int_equal(generation(), 0);
    check_err(do_refresh(fx.a, token, &out), ERR_OK);
}

/* GHSA-6mq3: every prefix and every flipped character is refused. */
static void truncated_or_changed_tokens_are_refused(void **state)
{
    (void)state;
    struct session_tokens out;
    struct str token = fresh_token();
    char copy[REFRESH_TOKEN_LEN];
    for (size_t n = 0; n < token.len; n++) {
        check_err(do_refresh(fx.a, str_slice(token, 0, n), &out), ERR_refresh_token_invalid);
        memcpy(copy, token.ptr, token.len);
        copy[n] = copy[n] == 'A' ? 'B' : 'A';
        check_err(do_refresh(fx.a, (struct str){copy, token.len}, &out), ERR_refresh_token_invalid);
    }
    assert_int_equal(generation(), 0);
}

/* A generation that was never given out, with a right MAC. */
static void future_generation_is_refused(void **state)
{
    (void)state;
    struct signed_in u = new_user(fx.a, EMAIL, PASSWORD);
    struct session_tokens out;
    char token[REFRESH_TOKEN_LEN + 1];
    refresh_token_make(fx.a->secrets->refresh, &u.session->id, 1, token);
    check_err(do_refresh(fx.a, str_of(token), &out), ERR_refresh_token_invalid);
    struct id unknown = id_new("ses_", fx.now);
    refresh_token_make(fx.a->secrets->refresh, &unknown, 0, token);
    check_err(do_refresh(fx.a, str_of(token), &out), ERR_refresh_token_invalid);
}

/* V7 7.4.1, 7.4.2. */
static void v7_banned_and_signed_out_users_do_not_refresh(void **state)
{
    (void)state;
    struct signed_in u = new_user(fx.a, EMAIL, PASSWORD);
    struct session_tokens out;
    struct sign_out_request in = {STR_NONE};
    sql(fx.db_a, "UPDATE app_user SET status = 'banned'");
    check_err(do_refresh(fx.a, u.session->refresh_token, &out), ERR_account_banned);
    assert_int_equal(generation(), 0);
    sql(fx.db_a, "UPDATE app_user SET status = 'active'");
    check_err(call_run_user(call_new(fx.a, &in, NULL), u.session->access_token, sign_out), ERR_OK);
    check_err(do_refresh(fx.a, u.session->refresh_token, &out), ERR_session_revoked);
    assert_int_equal(generation(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        flow_test(rotates),
        flow_test(a_lost_reply_gets_the_same_successor),
        flow_test(b13_late_replay_ends_the_session),
        flow_test(two_hundred_uses_have_one_successor),
        flow_test(refreshes_that_meet_are_kept_apart),
        flow_test(b15_v7_absolute_life),
        flow_test(b15_v7_idle_life),
        flow_test(a_shortened_policy_bites_at_once),
        flow_test(other_tenant_and_other_client_are_refused),
        flow_test(truncated_or_changed_tokens_are_refused),
        flow_test(future_generation_is_refused),
        flow_test(v7_banned_and_signed_out_users_do_not_refresh),
    };
    return flow_tests(tests);
}
