/* SPDX-License-Identifier: Apache-2.0
 *
 * authd dev: a server with a PostgreSQL of its own, everything in one state directory:
 *
 *   authd.yaml      the settings; `authd serve --config` works with them too
 *   root.key        operator.key      secrets, mode 0600
 *   env             what a test suite needs, NAME=value, shell-quoted
 *   authd.pid       ready             written once clients are let in
 *   postgres/       data, socket and log; elsewhere where PostgreSQL cannot reach it here
 */
#ifndef AUTHD_SERVER_DEV_H
#define AUTHD_SERVER_DEV_H

#include <sys/types.h>

#include "server/command.h"

enum { ENV_MAX = 40 };

struct env_line {
    const char *name;
    const char *value;
};

struct dev_env {
    struct env_line lines[ENV_MAX];
    size_t n;
};

struct dev_postgres {
    const char *bin;    /* directory of initdb, postgres and pg_ctl */
    const char *base;   /* owned by user */
    const char *data;   /* base/data */
    const char *socket; /* base/run */
    const char *log;    /* base/log */
    const char *user;
    uid_t uid;
    gid_t gid;
    pid_t child; /* 0 = detached, or adopted */
};

struct dev {
    struct invocation *in;
    struct arena *arena;
    const char *state; /* absolute */
    const char *self;  /* absolute path of this program */
    const char *url;   /* http://127.0.0.1:PORT */
    struct dev_postgres postgres;
    struct dev_env old; /* what env said before */
    struct dev_env env;
    bool demo_failed;
};

/* printf into the arena. */
const char *dev_text(struct dev *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* A file of the state directory. */
const char *dev_path(struct dev *d, const char *name);
/* Says what went wrong and what to do; always false. */
bool dev_refuse(const char *remedy, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Whole file or NULL; at most 64 KiB. */
const char *dev_read(struct dev *d, const char *path);
/* Replaces a file at once (rename); false after saying why. */
bool dev_write(const char *path, const char *text, mode_t mode);

/* dev_env.c */
void dev_env_read(struct dev *d);
const char *dev_env_get(const struct dev_env *env, const char *name); /* NULL = not there */
void dev_env_set(struct dev_env *env, const char *name, const char *value);
bool dev_env_write(struct dev *d);
/* One shell word. */
const char *dev_quote(struct dev *d, const char *word);

/* dev_port.c: the one asked for, or the one in the old env's URL, or the usual or a free one. */
int64_t dev_port_choose(const struct dev *d, int64_t asked, const char *name, int64_t usual);

/* dev_postgres.c, dev_cluster.c: false after saying why. */
bool dev_postgres_find(struct dev *d);
bool dev_postgres_create(struct dev *d);
bool dev_postgres_start(struct dev *d);
void dev_postgres_stop(struct dev *d);
/* "pg_ctl …" as whoever may run it. */
const char *dev_postgres_command(struct dev *d, const char *arguments);
/* Runs a program of PostgreSQL as its user and waits; -1 or the exit status. */
int dev_postgres_run(struct dev *d, const char *const argv[]);
void dev_postgres_become(const struct dev_postgres *p); /* in a child */

/* dev_tenants.c: on a coroutine of the running server. */
bool dev_tenants_make(struct dev *d);

#endif
