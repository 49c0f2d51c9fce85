/* SPDX-License-Identifier: Apache-2.0
 *
 * The commands of the authd program: one row each.
 */
#ifndef AUTHD_SERVER_COMMAND_H
#define AUTHD_SERVER_COMMAND_H

#include "base/arena.h"
#include "server/settings.h"

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

/* The command line after the program's name, taken apart. */
struct invocation {
    struct arena *arena; /* lives as long as the process */
    char **argv;         /* all of it, for take-over */
    const char *config;  /* --config */
    const char *state;   /* dev: --state */
    int64_t port;        /* dev: --port; 0 = not given */
    int64_t admin_port;  /* dev: --admin-port; 0 = not given */
    bool keep_postgres;  /* dev */
    bool demo;           /* dev */
};

struct command {
    const char *name;
    int (*run)(struct invocation *in);
    const char *options; /* names of the options it takes, separated by blanks */
    const char *doc;
};

int command_serve(struct invocation *in);
int command_dev(struct invocation *in);
int command_init(struct invocation *in);
int command_migrate(struct invocation *in);
int command_check_config(struct invocation *in);
int command_print_config(struct invocation *in);
int command_help_settings(struct invocation *in);
int command_healthcheck(struct invocation *in);
int command_version(struct invocation *in);

/* The settings of --config and the environment; false after printing what is wrong with them. */
bool command_settings(struct invocation *in, struct settings *out);
/* Text log on a terminal, else as set. */
bool command_log(const struct settings *s); /* returns whether lines are JSON */

/* cmd_init.c: makes what is missing of root key file, control database and first operator;
 * operator_key receives the key when it was made now, else "". */
enum { OPERATOR_KEY_TEXT = 64 };
bool instance_init(struct invocation *in, const struct settings *s,
                   char operator_key[OPERATOR_KEY_TEXT]);

/* serve.c: the server with these settings, until it has drained. */
struct serve_hooks {
    void (*prepare)(void *arg);  /* on a coroutine, before clients are let in */
    bool (*announce)(void *arg); /* once they are; false ends the server */
    void *arg;
    bool may_hand_over;
};
int serve(struct invocation *in, const struct settings *s, const struct serve_hooks *hooks);

#endif
