/* SPDX-License-Identifier: Apache-2.0
 *
 * Flows on a real PostgreSQL: two tenants with two clients each, a clock the tests own, hash
 * workers, and calls made as the http floor makes them.
 */
#ifndef TESTS_FLOW_FLOW_FIXTURE_H
#define TESTS_FLOW_FLOW_FIXTURE_H

#include "flow/authenticate.h"
#include "flow/views.h"
#include "support/check.h"
#include "support/store_fixture.h"

struct flow_fixture {
    struct fixture store;
    struct fixture_tenant acme, globex;
    struct tenant *a, *b; /* their snapshots; tests change policies in place */
    PGconn *db_a, *db_b;  /* superuser, for looking */
    struct arena *arena;  /* of the test */
    int64_t now;          /* wall ms of the next call */
};
extern struct flow_fixture fx;

/* Group set-up and tear-down; between tests: default policies, empty tables, a fresh arena. */
int flow_setup(void **state);
int flow_teardown(void **state);
int flow_reset(void **state);
#define flow_test(f) cmocka_unit_test_setup((f), flow_reset)
#define flow_tests(tests) cmocka_run_group_tests((tests), flow_setup, flow_teardown)

/* A call with the key of the tenant's first client, at fx.now, in fx.arena. */
struct call *call_new(const struct tenant *t, const void *in, void *out);
/* Runs it in a coroutine to its end. */
enum err call_run(struct call *c, flow_fn fn);
/* Authenticates first, as routes that need a user do. */
enum err call_run_user(struct call *c, struct str token, flow_fn fn);

/* The flows, with the inputs that matter. */
enum err do_sign_up(const struct tenant *t, const char *email, const char *password,
                    struct signed_in *out);
enum err do_sign_in(const struct tenant *t, const char *email, const char *password,
                    struct signed_in *out);
enum err do_refresh(const struct tenant *t, struct str token, struct session_tokens *out);
/* Whether the access token opens the user's own endpoints. */
enum err do_me(const struct tenant *t, struct str token);
/* A user who just signed up. */
struct signed_in new_user(const struct tenant *t, const char *email, const char *password);

/* n coroutines at once: fn(i) each. */
void in_parallel(size_t n, void (*fn)(size_t i));
/* In one of them: whether the answer was 503, to come again; then it is time to. */
bool told_to_come_again(enum err e);

/* Hashes asked for so far; a worker counts its last one as running for a moment longer. */
uint64_t hashes(void);
/* Workers whose only thread is busy until let_go, so that a queue can be filled at leisure. */
struct workers *held_workers(unsigned queue_max);
void let_go(void);

/* First column of the first row; SQL is printf'ed. */
int64_t number(PGconn *db, const char *format, ...) __attribute__((format(printf, 2, 3)));
struct str text(PGconn *db, const char *format, ...) __attribute__((format(printf, 2, 3)));
void sql(PGconn *db, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A member of a token's payload, as text; STR_NONE when absent or no string. */
struct str claim(struct str access_token, const char *name);

#define check_err(actual, expected) assert_string_equal(err_name(actual), err_name(expected))
const char *err_name(enum err e);

#endif
