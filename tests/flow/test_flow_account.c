/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/clock.h"
#include "base/coro.h"
#include "flow/flow_fixture.h"
#include "flow/me.h"
#include "flow/password.h"
#include "flow/sessions.h"
#include "flow/sign_in_config.h"
#include "flow/sign_out.h"

#define EMAIL "ann@example.com"
#define PASSWORD "correct horse battery"
#define FRESH "another staple entirely"

static struct str again(const char *email)
{
    struct signed_in in;
    fx.now += 1000;
    check_err(do_sign_in(fx.a, email, PASSWORD, &in), ERR_OK);
    return in.session->access_token;
}

static void profile_is_read_and_changed(void **state)
{
    (void)state;
    struct signed_in u = new_user(fx.a, EMAIL, PASSWORD);
    struct str token = u.session->access_token;
    struct user_view out = {0};
    struct me_changes in = {.has_name = true, .name = STR("Ann")};
    check_err(call_run_user(call_new(fx.a, &in, &out), token, me_update), ERR_OK);
    check_str(out.name, "Ann");
    check_str(out.public_metadata, "{}");
    fx.now += 5000;
    in = (struct me_changes){
        .has_name = true, .has_metadata = true, .metadata = STR("{\"theme\":\"dark\"}")};
    check_err(call_run_user(call_new(fx.a, &in, &out), token, me_update), ERR_OK);
    assert_false(str_is_set(out.name));
    assert_int_equal(out.updated_at, fx.now);
    check_err(call_run_user(call_new(fx.a, NULL, &out), token, me_read), ERR_OK);
    check_str(out.public_metadata, "{\"theme\": \"dark\"}");
    in = (struct me_changes){0};
    check_err(call_run_user(call_new(fx.a, &in, &out), token, me_update), ERR_OK);
    assert_int_equal(number(fx.db_a, "SELECT count(*) FROM audit WHERE event = 'user.updated'"), 2);
    /* Values stay out of the log. */
    assert_int_equal(number(fx.db_a, "SELECT count(*) FROM audit a WHERE a::text LIKE '%%dark%%'"),
                     0);
}

static enum err change(struct str token, const char *current, const char *fresh)
{
    struct password_change_request in = {str_of(current), str_of(fresh)};
    return call_run_user(call_new(fx.a, &in, NULL), token, change_password);
}

/* B15, V6 6.2.2, 6.2.3, V7 7.4.3: the other sessions end, refresh tokens die. */
static void b15_v6_password_change_ends_other_sessions(void **state)
{
    (void)state;
    struct signed_in u = new_user(fx.a, EMAIL, PASSWORD);
    struct signed_in out;
    struct session_tokens refreshed;
    struct str token = again(EMAIL);
    check_err(change(token, PASSWORD, FRESH), ERR_OK);
    check_err(do_me(fx.a, token), ERR_OK);
    check_err(do_me(fx.a, u.session->access_token), ERR_session_revoked);
    check_err(do_refresh(fx.a, u.session->refresh_token, &refreshed), ERR_session_revoked);
    check_err(do_sign_in(fx.a, EMAIL, PASSWORD, &out), ERR_invalid_credentials);
    check_err(do_sign_in(fx.a, EMAIL, FRESH, &out), ERR_OK);
    assert_int_equal(
        number(fx.db_a, "SELECT count(*) FROM audit WHERE event = 'user.password_changed'"), 1);
    check_str(text(fx.db_a, "SELECT detail::text FROM audit WHERE event = 'session.ended'"),
              "{\"reason\": \"password_change\", \"sessions\": 1}");
}

static void refused_changes_change_nothing(void **state)
{
    (void)state;
    struct signed_in u = new_user(fx.a, EMAIL, PASSWORD);
    struct signed_in out;
    struct str token = u.session->access_token;
    check_err(change(token, "wrong horse battery", FRESH), ERR_invalid_credentials);
    check_err(change(token, PASSWORD, "short"), ERR_password_too_short);
    check_err(change(token, PASSWORD, "ann@example.com"), ERR_password_too_common);
    /* Only the wrong guess was counted. */
    assert_int_equal(number(fx.db_a, "SELECT failures FROM attempt"), 1);
    check_err(do_sign_in(fx.a, EMAIL, PASSWORD, &out), ERR_OK);
    assert_int_equal(number(fx.db_a, "SELECT count(*) FROM session WHERE ended_at IS NULL"), 2);
}

/* A stolen access token is no way to guess without limit: sign-in's count is this one's. */
static void n6_guesses_at_change_count_like_those_at_sign_in(void **state)
{
    (void)state;
    struct signed_in u = new_user(fx.a, EMAIL, PASSWORD);
    struct signed_in out;
    struct str token = u.session->access_token;
    fx.a->policy.lockout_after = 2;
    check_err(change(token, "wrong horse battery", FRESH), ERR_invalid_credentials);
    check_err(do_sign_in(fx.a, EMAIL, "wrong horse battery", &out), ERR_invalid_credentials);
    check_err(change(token, PASSWORD, FRESH), ERR_account_locked);
    fx.now += 1000;
    check_err(change(token, PASSWORD, FRESH), ERR_OK);
    assert_int_equal(number(fx.db_a, "SELECT failures FROM attempt"), 0);
}

static struct str busy_token;
static enum err busy_answer;

/* The one changes the password; the other fills the queue once the current one is to be compared.
 */
static void change_or_fill(size_t i)
{
    struct workers *held = flow_config.hashers;
    if (i == 0) {
        busy_answer = change(busy_token, PASSWORD, FRESH);
        return;
    }
    while (workers_stats(held).queued == 0 && clock_mono_ms() < coro_deadline())
        coro_sleep(1);
    flow_config.hashers = workers_create("full", 1, 0, 0, NULL);
    let_go();
}

static void full_queue_makes_no_failure_of_the_right_password(void **state)
{
    (void)state;
    struct workers *real = flow_config.hashers;
    struct signed_in u = new_user(fx.a, EMAIL, PASSWORD);
    struct workers *held = held_workers(1);
    busy_token = u.session->access_token;
    fx.a->policy.password_blocklist = BLOCKLIST_OFF;
    flow_config.hashers = held;
    in_parallel(2, change_or_fill);
    workers_destroy(flow_config.hashers);
    workers_destroy(held);
    flow_config.hashers = real;
    check_err(busy_answer, ERR_overloaded);
    assert_int_equal(number(fx.db_a, "SELECT failures FROM attempt"), 0);
}

static struct str racing[2];
static enum err raced[2];

static void change_at_once(size_t i)
{
    raced[i] = change(racing[i], PASSWORD, i ? FRESH " one" : FRESH " two");
}

static void parallel_changes_have_one_winner(void **state)
{
    (void)state;
    racing[0] = new_user(fx.a, EMAIL, PASSWORD).session->access_token;
    racing[1] = again(EMAIL);
    in_parallel(2, change_at_once);
    assert_true((raced[0] == ERR_OK) != (raced[1] == ERR_OK));
    assert_int_equal(number(fx.db_a, "SELECT count(*) FROM session WHERE ended_at IS NULL"), 1);
}

static enum err list(struct str token, int64_t limit, struct str cursor,
                     struct session_list_answer *out)
{
    struct session_list_request in = {limit, cursor};
    *out = (struct session_list_answer){0};
    return call_run_user(call_new(fx.a, &in, out), token, own_sessions_list);
}

/* V7 7.5.2. */
static void v7_own_sessions_are_listed_in_pages(void **state)
{
    (void)state;
    struct session_list_answer out;
    struct str cursor = STR_NONE;
    struct str token = new_user(fx.a, EMAIL, PASSWORD).session->access_token;
    new_user(fx.a, "eve@example.com", PASSWORD);
    for (int i = 0; i < 4; i++)
        token = again(EMAIL);
    size_t seen = 0;
    size_t current = 0;
    int64_t before = INT64_MAX;
    do {
        check_err(list(token, 2, cursor, &out), ERR_OK);
        for (size_t i = 0; i < out.data.n; i++) {
            assert_true(out.data.items[i].created_at < before);
            before = out.data.items[i].created_at;
            current += out.data.items[i].current;
            seen++;
        }
        assert_int_equal(out.has_more, str_is_set(out.next_cursor));
        cursor = out.next_cursor;
    } while (out.has_more);
    assert_int_equal(seen, 5);
    assert_int_equal(current, 1);
    fx.a->policy.session_duration = 2; /* the older ones have expired */
    check_err(list(token, 0, STR_NONE, &out), ERR_OK);
    assert_int_equal(out.data.n, 2);
}

static void foreign_cursors_are_refused(void **state)
{
    (void)state;
    struct session_list_answer out;
    new_user(fx.a, EMAIL, PASSWORD);
    struct str ann = again(EMAIL);
    check_err(list(ann, 1, STR_NONE, &out), ERR_OK);
    struct str cursor = out.next_cursor;
    check_err(list(ann, 1, cursor, &out), ERR_OK);
    struct str eve = new_user(fx.a, "eve@example.com", PASSWORD).session->access_token;
    check_err(list(eve, 1, cursor, &out), ERR_validation_failed);
    check_err(list(ann, 1, str_slice(cursor, 0, cursor.len - 1), &out), ERR_validation_failed);
    check_err(list(ann, 1, STR("nonsense"), &out), ERR_validation_failed);
}

static enum err end_one(struct str token, const struct id *id)
{
    struct session_end_request in = {*id};
    return call_run_user(call_new(fx.a, &in, NULL), token, own_sessions_end_one);
}

/* IDOR: another user's session is not found, and stays. */
static void idor_only_own_sessions_end(void **state)
{
    (void)state;
    struct signed_in ann = new_user(fx.a, EMAIL, PASSWORD);
    struct signed_in eve = new_user(fx.a, "eve@example.com", PASSWORD);
    struct str token = again(EMAIL);
    check_err(end_one(token, &eve.session->id), ERR_not_found);
    check_err(do_me(fx.a, eve.session->access_token), ERR_OK);
    check_err(end_one(token, &ann.session->id), ERR_OK);
    check_err(end_one(token, &ann.session->id), ERR_not_found);
    check_err(do_me(fx.a, ann.session->access_token), ERR_session_revoked);
    check_err(do_me(fx.a, token), ERR_OK);
}

/* V7 7.4.1, 7.5.2. */
static void v7_ending_others_and_all(void **state)
{
    (void)state;
    struct signed_in first = new_user(fx.a, EMAIL, PASSWORD);
    struct str token = again(EMAIL);
    struct sign_out_request all = {STR("all")};
    check_err(call_run_user(call_new(fx.a, NULL, NULL), token, own_sessions_end_others), ERR_OK);
    check_err(do_me(fx.a, first.session->access_token), ERR_session_revoked);
    check_err(do_me(fx.a, token), ERR_OK);
    again(EMAIL);
    check_err(call_run_user(call_new(fx.a, &all, NULL), token, sign_out), ERR_OK);
    check_err(do_me(fx.a, token), ERR_session_revoked);
    assert_int_equal(number(fx.db_a, "SELECT count(*) FROM session WHERE ended_at IS NULL"), 0);
}

static void config_shows_the_policy(void **state)
{
    (void)state;
    struct sign_in_config out;
    fx.a->policy.sign_up = SIGN_UP_CLOSED;
    fx.a->policy.password_min_length = 15;
    check_err(call_run(call_new(fx.a, NULL, &out), sign_in_config_read), ERR_OK);
    check_str(out.sign_up, "closed");
    assert_int_equal(out.password_min_length, 15);
    assert_int_equal(out.methods.n, 1);
    check_str(out.methods.items[0], "password");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        flow_test(profile_is_read_and_changed),
        flow_test(b15_v6_password_change_ends_other_sessions),
        flow_test(full_queue_makes_no_failure_of_the_right_password),
        flow_test(refused_changes_change_nothing),
        flow_test(n6_guesses_at_change_count_like_those_at_sign_in),
        flow_test(parallel_changes_have_one_winner),
        flow_test(v7_own_sessions_are_listed_in_pages),
        flow_test(foreign_cursors_are_refused),
        flow_test(idor_only_own_sessions_end),
        flow_test(v7_ending_others_and_all),
        flow_test(config_shows_the_policy),
    };
    return flow_tests(tests);
}
