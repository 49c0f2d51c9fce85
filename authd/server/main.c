/* SPDX-License-Identifier: Apache-2.0
 *
 * The authd program: which command, with which options.
 */
#include <stdio.h>
#include <string.h>

#include "server/command.h"

/* clang-format off */
static const struct command commands[] = {
    {"serve",           command_serve,         "config",                                      "Serve in the foreground until SIGTERM."},
    {"dev",             command_dev,           "state port admin-port keep-postgres demo",    "Serve with a private PostgreSQL in a state directory; for development and tests."},
    {"init",            command_init,          "config",                                      "Make the control database, the root key file and the first operator key."},
    {"migrate",         command_migrate,       "config",                                      "Bring the control database and every tenant's to this version."},
    {"check-config",    command_check_config,  "config",                                      "Exit 0 when serve would accept the settings; else say what is wrong."},
    {"healthcheck",     command_healthcheck,   "config",                                      "Exit 0 when the server with these settings is alive."},
    {"--print-config",  command_print_config,  "config",                                      "Print the settings in effect, secrets masked."},
    {"--help-settings", command_help_settings, "",                                            "Explain every setting."},
    {"--version",       command_version,       "",                                            "Print the version."},
};
static const struct {
    const char *name;
    const char *value; /* NULL = a flag */
    size_t offset;
    bool number;
    const char *doc;
} options[] = {
    {"config",        "FILE", offsetof(struct invocation, config),        false, "settings, default " SETTINGS_DEFAULT_FILE " where it exists; the environment wins"},
    {"state",         "DIR",  offsetof(struct invocation, state),         false, "where the database, the keys and env are kept"},
    {"port",          "N",    offsetof(struct invocation, port),          true,  "port of the API; default the one served before, else 8080 or a free one"},
    {"admin-port",    "N",    offsetof(struct invocation, admin_port),    true,  "port of metrics and probes; default likewise, from 9090"},
    {"keep-postgres", NULL,   offsetof(struct invocation, keep_postgres), false, "start PostgreSQL detached and leave it running"},
    {"demo",          NULL,   offsetof(struct invocation, demo),          false, "make two tenants to play with"},
};
/* clang-format on */
enum {
    COMMANDS = sizeof(commands) / sizeof(commands[0]),
    OPTIONS = sizeof(options) / sizeof(options[0])
};

static void print_usage(FILE *to)
{
    fprintf(to, "authd " AUTHD_VERSION ", a multi-tenant identity provider\n\n"
                "usage: authd COMMAND [OPTIONS]\n\n");
    for (size_t i = 0; i < COMMANDS; i++)
        fprintf(to, "  %-16s %s\n", commands[i].name, commands[i].doc);
    fprintf(to, "\noptions:\n");
    for (size_t i = 0; i < OPTIONS; i++)
        fprintf(to, "  --%s%s%s\n      %s\n", options[i].name, options[i].value ? " " : "",
                options[i].value ? options[i].value : "", options[i].doc);
}

static int usage_error(const char *what, const char *which)
{
    fprintf(stderr, "authd: %s: %s\n  what to do: authd --help\n", what, which);
    return EXIT_USAGE;
}

static bool command_takes(const struct command *c, const char *option)
{
    struct str rest = str_of(c->options);
    struct str name;
    while (str_split(&rest, ' ', &name))
        if (str_eqz(name, option))
            return true;
    return false;
}

static size_t find_option(const struct command *c, struct str name)
{
    size_t i = 0;
    while (i < OPTIONS && !(str_eqz(name, options[i].name) && command_takes(c, options[i].name)))
        i++;
    return i;
}

/* "--name value" or "--name=value"; *args moves past what was used. */
static int take_option(const struct command *c, struct invocation *in, char ***args)
{
    struct str word = str_of(**args);
    struct str name = str_slice(word, 2, str_find(word, '='));
    size_t i = str_starts(word, STR("--")) ? find_option(c, name) : OPTIONS;
    if (i == OPTIONS)
        return usage_error("it does not take this", **args);
    char *member = (char *)in + options[i].offset;
    const char *value = str_find(word, '=') < word.len ? word.ptr + str_find(word, '=') + 1 : NULL;
    if (!options[i].value) {
        *(bool *)member = true;
        return value ? usage_error("it takes no value", **args) : EXIT_DONE;
    }
    if (!value && !(value = *++*args))
        return usage_error("it needs a value", word.ptr);
    if (!options[i].number)
        *(const char **)(void *)member = value;
    else if (!str_to_int(str_of(value), 1, 65535, (int64_t *)(void *)member))
        return usage_error("it must be a port number", value);
    return EXIT_DONE;
}

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < COMMANDS; i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

int main(int argc, char **argv)
{
    struct invocation in = {.argv = argv};
    const char *name = argc > 1 ? argv[1] : "";
    const struct command *c = find_command(name);
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
        print_usage(stdout);
        return EXIT_DONE;
    }
    if (!c) {
        print_usage(stderr);
        return *name ? usage_error("there is no such command", name) : EXIT_USAGE;
    }
    for (char **args = argv + 2; *args; args++) {
        int bad = take_option(c, &in, &args);
        if (bad)
            return bad;
        if (!*args)
            break;
    }
    in.arena = arena_create(32 * 1024);
    int code = c->run(&in);
    fflush(stdout);
    arena_destroy(in.arena);
    return code;
}
