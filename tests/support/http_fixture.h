/* SPDX-License-Identifier: Apache-2.0
 *
 * The http floor with a route table of its own: a row for every need and every field type, and
 * flows that only note what they were called with. Tenants are snapshots put into the registry by
 * hand; nothing here needs a database.
 */
#ifndef TESTS_SUPPORT_HTTP_FIXTURE_H
#define TESTS_SUPPORT_HTTP_FIXTURE_H

#include "base/json.h"
#include "http/http.h"
#include "store/registry.h"

#define SITE "https://auth.example.com"

/* Two tenants, acme (live) and globex, each with a publishable and a secret key, and acme's signing
 * key; operators with an admin's and a reader's key. */
struct fixture_tenant {
    struct tenant *tenant;
    char publishable[48];
    char secret[48];
    char token[256]; /* names a kid of the tenant; nothing signs it */
};
extern struct fixture_tenant acme;
extern struct fixture_tenant globex;

/* op_ keys of an operator of role admin and one of role reader. */
extern char operator_admin[48];
extern char operator_reader[48];

/* What the flows of the table saw last. */
struct fixture_seen {
    unsigned calls;
    struct call call;
    const void *in;
    struct str bearer;
};
extern struct fixture_seen seen;
/* What they answer. */
extern enum err flow_answer;
extern enum err authenticate_answer;

int fixture_setup(void **state);
int fixture_teardown(void **state);
/* Between requests of one test. */
void fixture_reset_rates(void);

/* POST /v1/echo: every type an input can have. */
struct echo {
    struct str text;
    struct str secret;
    int64_t number;
    bool flag;
    int64_t time;
    int64_t duration;
    struct str choice;
    struct id id;
    struct str json;
    struct echo_sub {
        struct str name;
    } * object;
    struct field_list list;
    struct str_list texts;
    bool has_name;
    struct str name;
};
extern const struct fields echo_fields;

/* An exchange in an arena of its own; the caller changes the request before send. */
struct http_exchange *exchange_new(enum method method, const char *target);
struct http_exchange *exchange_json(enum method method, const char *target, const char *body);
/* http_begin and, where it asks for it, http_run. Returns the status. */
int exchange_send(struct http_exchange *x);
/* The header's value, or STR_NONE. */
struct str exchange_header(const struct http_exchange *x, const char *name);
/* error.code of the reply; "" when it has none. In the exchange's arena. */
const char *exchange_code(struct http_exchange *x);
void exchange_free(struct http_exchange *x);

/* Sends, checks status and code ("" = success) and frees. */
void check_exchange(struct http_exchange *x, int status, const char *code);

#endif
