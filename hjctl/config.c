/* SPDX-License-Identifier: Apache-2.0
 *
 * Contexts: named pairs of address and key in one JSON file that only its owner can read, written
 * whole and renamed into place.
 */
#include "config.h"

#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *config_path(void)
{
    const char *base = getenv("XDG_CONFIG_HOME");
    const char *home = getenv("HOME");
    char *path = NULL;
    int n = base && *base ? asprintf(&path, "%s/hjctl/config.json", base)
                          : asprintf(&path, "%s/.config/hjctl/config.json", home ? home : "");
    if (n < 0)
        abort();
    return path;
}

static json_t *config_load(void)
{
    char *path = config_path();
    struct stat st;
    json_t *config = NULL;
    if (stat(path, &st) == 0 && (st.st_mode & 077))
        fprintf(stderr, "hjctl: %s is readable by others; chmod 600 it\n", path);
    else
        config = json_load_file(path, JSON_REJECT_DUPLICATES, NULL);
    free(path);
    if (!json_is_object(config)) {
        json_decref(config);
        config = json_object();
    }
    if (!json_is_object(json_object_get(config, "contexts")))
        json_object_set_new(config, "contexts", json_object());
    return config;
}

/* mkdir -p of what precedes the last slash. */
static void make_parents(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(path, 0700);
        *slash = '/';
    }
}

static int config_save(const json_t *config)
{
    char *path = config_path();
    char *fresh = NULL;
    make_parents(path);
    if (asprintf(&fresh, "%s.new", path) < 0)
        abort();
    int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool ok = fd >= 0 && fchmod(fd, 0600) == 0 && json_dumpfd(config, fd, JSON_INDENT(2)) == 0 &&
              fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    ok = ok && rename(fresh, path) == 0;
    if (!ok)
        fprintf(stderr, "hjctl: cannot write %s: %s\n", path, strerror(errno));
    free(fresh);
    free(path);
    return ok ? EXIT_OK : EXIT_FAILED;
}

static json_t *context_named(json_t *config, const char *name)
{
    return name ? json_object_get(json_object_get(config, "contexts"), name) : NULL;
}

/* First line of a file, - for standard input; NULL with a message. */
static char *read_key(const char *path)
{
    FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    char *line = NULL;
    size_t cap = 0;
    if (!f || getline(&line, &cap, f) <= 0) {
        fprintf(stderr, "hjctl: cannot read a key from %s: %s\n", path,
                f ? "it is empty" : strerror(errno));
        free(line);
        line = NULL;
    } else {
        line[strcspn(line, "\r\n")] = '\0';
    }
    if (f && f != stdin)
        fclose(f);
    return line;
}

static const char *first_of(const char *a, const char *b, const char *c)
{
    return a && *a ? a : b && *b ? b : c;
}

static char *key_of(const struct options *options, const json_t *context)
{
    const char *plain = getenv("HJCTL_KEY");
    const char *file = first_of(options->key_file, getenv("HJCTL_KEY_FILE"), NULL);
    if (!file && plain && *plain)
        return strdup(plain);
    const char *stored = json_string_value(json_object_get(context, "key"));
    if (!file && stored)
        return strdup(stored);
    file = first_of(file, json_string_value(json_object_get(context, "key_file")), NULL);
    if (file)
        return read_key(file);
    fprintf(stderr, "hjctl: no operator key\n  what to do: --key-file FILE, HJCTL_KEY_FILE, or "
                    "hjctl config set-context; "
                    "authd init prints the first key\n");
    return NULL;
}

int config_target(const struct options *options, struct target *out)
{
    json_t *config = config_load();
    const char *name = first_of(options->context, getenv("HJCTL_CONTEXT"),
                                json_string_value(json_object_get(config, "current")));
    json_t *context = context_named(config, name);
    const char *url = first_of(options->url, getenv("HJCTL_URL"),
                               json_string_value(json_object_get(context, "url")));
    int code = EXIT_USAGE;
    if (options->context && !context) {
        fprintf(stderr, "hjctl: there is no context %s\n  what to do: hjctl config list-contexts\n",
                options->context);
    } else if (!url) {
        fprintf(
            stderr,
            "hjctl: no address\n  what to do: --url URL, HJCTL_URL, or hjctl config set-context\n");
    } else if ((out->key = key_of(options, context))) {
        out->url = strdup(url);
        size_t n = strlen(out->url);
        while (n && out->url[n - 1] == '/')
            out->url[--n] = '\0';
        code = EXIT_OK;
    }
    json_decref(config);
    return code;
}

void target_wipe(struct target *t)
{
    if (t->key)
        bytes_wipe(t->key, strlen(t->key));
    free(t->key);
    free(t->url);
}

static json_t *context_of(const struct invocation *in)
{
    json_t *context = json_pack("{s:s}", "url", in->options.url);
    if (flag_value(in, "key-stdin")) {
        char *key = read_key("-");
        if (!key) {
            json_decref(context);
            return NULL;
        }
        json_object_set_new(context, "key", json_string(key));
        bytes_wipe(key, strlen(key));
        free(key);
    } else if (in->options.key_file) {
        char *whole = realpath(in->options.key_file, NULL);
        json_object_set_new(context, "key_file", json_string(whole ? whole : in->options.key_file));
        free(whole);
    }
    return context;
}

int command_config_set(struct invocation *in)
{
    if (!in->options.url) {
        fprintf(stderr, "hjctl: config set-context needs --url\n");
        return EXIT_USAGE;
    }
    json_t *context = context_of(in);
    if (!context)
        return EXIT_USAGE;
    json_t *config = config_load();
    json_object_set_new(json_object_get(config, "contexts"), in->args[0], context);
    if (!json_object_get(config, "current"))
        json_object_set_new(config, "current", json_string(in->args[0]));
    int code = config_save(config);
    json_decref(config);
    return code;
}

static int no_context(const char *name)
{
    fprintf(stderr, "hjctl: there is no context %s\n  what to do: hjctl config list-contexts\n",
            name);
    return EXIT_NOT_FOUND;
}

int command_config_use(struct invocation *in)
{
    json_t *config = config_load();
    int code = EXIT_OK;
    if (!context_named(config, in->args[0])) {
        code = no_context(in->args[0]);
    } else {
        json_object_set_new(config, "current", json_string(in->args[0]));
        code = config_save(config);
    }
    json_decref(config);
    return code;
}

int command_config_list(struct invocation *in)
{
    (void)in;
    json_t *config = config_load();
    const char *current = json_string_value(json_object_get(config, "current"));
    const char *name;
    json_t *context;
    json_object_foreach(json_object_get(config, "contexts"), name, context)
    {
        const char *url = json_string_value(json_object_get(context, "url"));
        printf("%c %-20s %s\n", current && strcmp(name, current) == 0 ? '*' : ' ', name,
               url ? url : "");
    }
    json_decref(config);
    return EXIT_OK;
}

int command_config_delete(struct invocation *in)
{
    json_t *config = config_load();
    const char *current = json_string_value(json_object_get(config, "current"));
    bool was_current = current && strcmp(current, in->args[0]) == 0;
    int code;
    if (json_object_del(json_object_get(config, "contexts"), in->args[0]) != 0) {
        code = no_context(in->args[0]);
    } else {
        if (was_current)
            json_object_del(config, "current");
        code = config_save(config);
    }
    json_decref(config);
    return code;
}
