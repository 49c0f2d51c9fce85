/* SPDX-License-Identifier: Apache-2.0
 *
 * A store on a private PostgreSQL: control database, tenants with databases and roles of their own,
 * a loop, and coroutines to call it from.
 */
#ifndef TESTS_SUPPORT_STORE_FIXTURE_H
#define TESTS_SUPPORT_STORE_FIXTURE_H

#include <libpq-fe.h>

#include "base/arena.h"
#include "base/loop.h"
#include "store/registry.h"
#include "store/store.h"
#include "support/pg.h"

/* Until what must happen counts as not happening, on the slowest machine. */
enum { FIXTURE_PATIENCE_MS = 60000 };

struct fixture {
    struct pg *pg;
    PGconn *control; /* superuser, search_path authd_control */
    uint8_t root_key[32];
    char control_url[PG_URL_MAX];
    struct store_config config;
    struct loop *loop; /* of the test's own thread, index 0 */
};

struct fixture_tenant {
    struct id id;
    struct id client;
    struct id key_id;
    struct id kid;
    uint8_t key_hash[KEY_HASH_LEN];
    char slug[33];
    char database[40];
    char role[2][40];
};

/* Brings PostgreSQL up and migrates; the store is not open yet. Change f->config as you like: its
 * time-outs are such that only a test that is about them runs into them. */
void fixture_create(struct fixture *f, const char *settings);
void fixture_destroy(struct fixture *f);

/* A tenant as provisioning leaves it, with one client, one publishable key and one signing key.
 * With change: also as an entry of the feed. */
void fixture_add_tenant(struct fixture *f, const char *slug, struct fixture_tenant *out);
/* Rows and feed only, no database and no roles: for large numbers. */
void fixture_add_rows(struct fixture *f, const char *slug, struct fixture_tenant *out);
/* One change to a tenant (NULL: to operators): bumps its revision and the feed's; notify or not.
 * Returns the revision. */
int64_t fixture_change(struct fixture *f, const struct fixture_tenant *t, bool notify);
/* printf'ed SQL on the control database as superuser; aborts when it fails. */
void fixture_sql(struct fixture *f, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The first column of the first row as a number. */
int64_t fixture_number(struct fixture *f, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* store_open, a loop, store_loop_start; and back. */
void fixture_open(struct fixture *f);
void fixture_close(struct fixture *f);
/* Only the store, for tests with loops of their own. */
void fixture_open_store(struct fixture *f);
void fixture_close_store(struct fixture *f);
/* Runs fn(arg) in a coroutine until it returns; deadline_ms from now, 0 = none. */
void fixture_run(struct fixture *f, void (*fn)(void *), void *arg, int64_t deadline_ms);
/* Turns the loop until it holds; false when it does not for a minute. */
bool fixture_until(struct fixture *f, bool (*holds)(void *), void *arg);
/* Turns the loop for that long. */
void fixture_sleep(struct fixture *f, int64_t ms);

#endif
