/* SPDX-License-Identifier: Apache-2.0
 *
 * A command is a row: grammar, the API call it stands for, what it prints. Help, completion and the
 * man page come from the same rows; only commands that are not an API call have a function.
 */
#ifndef HJCTL_COMMAND_H
#define HJCTL_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

enum exit_code {
    EXIT_OK = 0,
    EXIT_FAILED = 1,      /* the server or this program failed */
    EXIT_USAGE = 2,       /* the command line is wrong */
    EXIT_UNREACHABLE = 3, /* no connection, or 503 */
    EXIT_DENIED = 4,      /* 401, 403 */
    EXIT_NOT_FOUND = 5,   /* 404 */
    EXIT_CONFLICT = 6,    /* 409, 412 */
    EXIT_INVALID = 7      /* 400, 422 */
};

enum flag_type { FLAG_TEXT = 1, FLAG_SWITCH, FLAG_NUMBER };
enum flag_place { TO_BODY = 0, TO_QUERY, TO_POLICY, TO_COMMAND };

struct flag {
    const char *name;  /* "name": given as --name */
    const char *value; /* what the help calls it: "TEXT"; NULL for a switch */
    enum flag_type type;
    enum flag_place place;
    const char *member; /* of body or query; NULL = name with underscores */
    bool required;
    const char *doc;
};

struct column {
    const char *title;
    const char *member; /* dotted path */
};

enum trait {
    TRAIT_LIST = 1,     /* follows next_cursor up to --limit */
    TRAIT_DESTROYS = 2, /* --dry-run, --yes, and a question on a terminal */
    TRAIT_POLICY = 4,   /* takes a flag per row of policy.def */
    TRAIT_SECRET = 8,   /* the reply has secrets that are shown once */
    TRAIT_HIDDEN = 16
};

struct invocation;

struct command {
    const char *noun;
    const char *verb; /* "" for a command without one */
    const char *args; /* "TENANT CLIENT": also the names in path */
    const char *method;
    const char *path; /* "/v1/tenants/{TENANT}/clients" */
    const struct flag *flags;
    const struct column *columns; /* of lists; NULL = all members */
    unsigned traits;
    int (*run)(struct invocation *);
    const char *doc;
};

extern const struct command commands[];
extern const size_t command_count;
extern const struct flag global_flags[];
extern const struct flag destroy_flags[];
extern const struct flag list_flags[];
/* One per policy row, made once, terminated by a NULL name. */
const struct flag *policy_flags(void);

enum { ARGS_MAX = 4, FLAGS_MAX = 64 };

struct given {
    const struct flag *flag;
    const char *value;
};

struct options {
    const char *url;
    const char *key_file;
    const char *context;
    const char *output; /* table, json, yaml */
    bool quiet;
    long timeout_s;
};

struct invocation {
    const struct command *command;
    const char *args[ARGS_MAX];
    size_t arg_count;
    struct given given[FLAGS_MAX];
    size_t given_count;
    struct options options;
};

/* The value of a flag, or NULL. */
const char *flag_value(const struct invocation *in, const char *name);

/* Runs a row that is an API call. */
int command_call(struct invocation *in);

int command_help(struct invocation *in);
int command_completion(struct invocation *in);
int command_man(struct invocation *in);
int command_explain(struct invocation *in);
int command_version(struct invocation *in);
int command_config_set(struct invocation *in);
int command_config_use(struct invocation *in);
int command_config_list(struct invocation *in);
int command_config_delete(struct invocation *in);

/* Usage of one command, or of all, on stdout. */
void print_usage(const struct command *only);

#endif
