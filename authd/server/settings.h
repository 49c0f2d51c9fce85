/* SPDX-License-Identifier: Apache-2.0
 *
 * What an operator sets for the process, made from settings.def: text in a YAML file or the
 * environment becomes one struct, checked once at start and again at SIGHUP. Nobody else in the
 * program interprets setting texts.
 */
#ifndef AUTHD_SERVER_SETTINGS_H
#define AUTHD_SERVER_SETTINGS_H

#include "base/arena.h"
#include "http/http.h"

enum setting_type {
    SETTING_text,
    SETTING_number,
    SETTING_seconds,
    SETTING_flag,
    SETTING_choice,
    SETTING_addresses,
    SETTING_networks,
    SETTING_path
};

enum setting_tls_min_version { TLS_MIN_1_2, TLS_MIN_1_3 };
enum setting_log_format { LOG_FORMAT_AUTO, LOG_FORMAT_JSON, LOG_FORMAT_TEXT };

/* host is empty for every interface, else a name or an address without brackets. */
struct listen_address {
    const char *host;
    const char *port;
};
struct listen_list {
    struct listen_address *items;
    size_t n;
};
struct network_list {
    struct http_network *items;
    size_t n;
};

#define SETTING_C_text const char *
#define SETTING_C_number int64_t
#define SETTING_C_seconds int64_t
#define SETTING_C_flag bool
#define SETTING_C_choice int64_t
#define SETTING_C_addresses struct listen_list
#define SETTING_C_networks struct network_list
#define SETTING_C_path const char *

struct settings {
#define SETTING(name, env, type, preset, min, max, reload, secret, doc) SETTING_C_##type name;
#include "authd/settings.def"
#undef SETTING
};

struct setting_row {
    const char *name;
    const char *env;
    enum setting_type type;
    const char *preset; /* the default, as text */
    int64_t min;
    int64_t max;
    const char *choices; /* "a|b", choice only */
    bool reload;
    bool secret;
    const char *doc;
    size_t offset;
};

extern const struct setting_row setting_rows[];
extern const size_t setting_row_count;

/* What is wrong with the settings: one line each, naming file and line or the variable, what is
 * wrong, and the remedy. */
struct complaints {
    struct buf text;
    size_t n;
};

/* One setting as somebody wrote it. */
struct setting_entry {
    struct str name;
    struct str text;  /* lists: the items joined by commas */
    struct str where; /* "authd.yaml:3", "AUTHD_LOOPS", "default" */
    bool sequence;    /* written as a YAML sequence */
    size_t line;
};

struct setting_entries {
    struct setting_entry *items;
    size_t n;
};

/* Defaults, overlaid with the file (text of a YAML file called file; both may be absent), overlaid
 * with the environment ("NAME=value", NULL-terminated). False when there was a complaint; out is
 * then unusable. Everything lives in a. */
bool settings_parse(struct arena *a, const char *file, struct str yaml, char *const *environment,
                    struct settings *out, struct complaints *complaints);
/* The same with the file read from disk; NULL = SETTINGS_DEFAULT_FILE where it exists. */
#define SETTINGS_DEFAULT_FILE "/etc/authd/authd.yaml"
bool settings_load(struct arena *a, const char *file, char *const *environment,
                   struct settings *out, struct complaints *complaints);

/* A flat mapping of YAML scalars and sequences of scalars, with line numbers; nothing else. */
bool settings_read_yaml(struct arena *a, const char *file, struct str yaml,
                        struct setting_entries *out, struct complaints *complaints);
/* One value into its member; false with a complaint. */
bool setting_set(struct arena *a, const struct setting_row *row, const struct setting_entry *entry,
                 struct settings *out, struct complaints *complaints);
/* Rules that look at more than one setting. */
bool settings_check(struct arena *a, const struct settings *s, struct complaints *complaints);

void complaints_init(struct complaints *c, struct arena *a);
void complain(struct complaints *c, struct str where, const char *name, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* The value as it could stand in the file. Secret ones are masked. */
void setting_write(struct buf *b, const struct setting_row *row, const struct settings *s);
/* All of them as a YAML file: --print-config. */
void settings_print(struct buf *b, const struct settings *s);
/* Name, type, range, default, variable and meaning of each: --help-settings. */
void settings_help(struct buf *b);

/* Takes over what SIGHUP may change; logs the names of changed settings that need a restart. */
void settings_apply_reload(struct settings *current, const struct settings *fresh);
/* Whether two structs differ in this row. */
bool setting_equal(const struct setting_row *row, const struct settings *a,
                   const struct settings *b);

/* What 0 stands for, worked out for this machine. */
unsigned settings_loops(const struct settings *s);
unsigned settings_hash_threads(const struct settings *s);
unsigned settings_hash_queue(const struct settings *s);

#endif
