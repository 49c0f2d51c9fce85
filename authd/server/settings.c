/* SPDX-License-Identifier: Apache-2.0
 *
 * The settings table, and how the three sources become one struct: defaults first, then the file,
 * then the environment. Every complaint is collected, so that an operator sees all of them at once.
 */
#include "server/settings.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MAX_BYTES = 256 * 1024 };

#define SETTING_yes true
#define SETTING_no false
#define RANGE_text(lo, hi) .min = (lo), .max = (hi)
#define RANGE_number(lo, hi) .min = (lo), .max = (hi)
#define RANGE_seconds(lo, hi) .min = (lo), .max = (hi)
#define RANGE_flag(lo, hi) .min = (lo), .max = (hi)
#define RANGE_choice(lo, hi) .choices = (lo), .max = (hi)
#define RANGE_addresses(lo, hi) .min = (lo), .max = (hi)
#define RANGE_networks(lo, hi) .min = (lo), .max = (hi)
#define RANGE_path(lo, hi) .min = (lo), .max = (hi)

const struct setting_row setting_rows[] = {
#define SETTING(name_, env_, type_, preset_, min_, max_, reload_, secret_, doc_) \
    {.name = #name_,                                                             \
     .env = env_,                                                                \
     .type = SETTING_##type_,                                                    \
     .preset = preset_,                                                          \
     RANGE_##type_(min_, max_),                                                  \
     .reload = SETTING_##reload_,                                                \
     .secret = SETTING_##secret_,                                                \
     .doc = doc_,                                                                \
     .offset = offsetof(struct settings, name_)},
#include "authd/settings.def"
#undef SETTING
};
const size_t setting_row_count = sizeof(setting_rows) / sizeof(setting_rows[0]);

void complaints_init(struct complaints *c, struct arena *a)
{
    c->n = 0;
    buf_init(&c->text, a, 0);
}

void complain(struct complaints *c, struct str where, const char *name, const char *fmt, ...)
{
    char message[512];
    va_list args;
    va_start(args, fmt);
    vsnprintf(message, sizeof(message), fmt, args);
    va_end(args);
    c->n++;
    buf_str(&c->text, where);
    buf_lit(&c->text, ": ");
    if (name) {
        buf_str(&c->text, str_of(name));
        buf_lit(&c->text, ": ");
    }
    buf_str(&c->text, str_of(message));
    buf_char(&c->text, '\n');
}

static size_t row_index(struct str name)
{
    size_t i = 0;
    while (i < setting_row_count && !str_eqz(name, setting_rows[i].name))
        i++;
    return i;
}

static void put_entry(const struct setting_entry *e, const struct setting_entry **chosen,
                      struct complaints *c)
{
    char name[80];
    size_t i = row_index(e->name);
    snprintf(name, sizeof(name), "%.*s", STR_FMT(str_slice(e->name, 0, sizeof(name) - 1)));
    if (i == setting_row_count)
        complain(c, e->where, name, "there is no such setting; authd --help-settings lists them");
    else if (chosen[i])
        complain(c, e->where, name, "is set twice, first at %.*s; keep one",
                 STR_FMT(chosen[i]->where));
    else
        chosen[i] = e;
}

/* The environment's value of a row, or NULL. The last of equal names wins, as in a shell. */
static const char *environment_value(char *const *environment, const char *name)
{
    size_t len = strlen(name);
    const char *found = NULL;
    for (; environment && *environment; environment++)
        if (strncmp(*environment, name, len) == 0 && (*environment)[len] == '=')
            found = *environment + len + 1;
    return found;
}

static void put_environment(struct arena *a, char *const *environment,
                            const struct setting_entry **chosen)
{
    for (size_t i = 0; i < setting_row_count; i++) {
        const char *value = environment_value(environment, setting_rows[i].env);
        if (!value)
            continue;
        struct setting_entry *e = arena_new(a, struct setting_entry);
        e->name = str_of(setting_rows[i].name);
        e->text = str_of(value);
        e->where = str_of(setting_rows[i].env);
        chosen[i] = e;
    }
}

static bool set_all(struct arena *a, const struct setting_entry **chosen, struct settings *out,
                    struct complaints *c)
{
    for (size_t i = 0; i < setting_row_count; i++) {
        const struct setting_row *row = &setting_rows[i];
        struct setting_entry preset = {.text = str_of(row->preset), .where = STR("default")};
        (void)setting_set(a, row, chosen[i] ? chosen[i] : &preset, out, c);
    }
    return c->n == 0;
}

bool settings_parse(struct arena *a, const char *file, struct str yaml, char *const *environment,
                    struct settings *out, struct complaints *c)
{
    const struct setting_entry **chosen =
        arena_array(a, setting_row_count, sizeof(const struct setting_entry *));
    struct setting_entries entries = {0};
    *out = (struct settings){0};
    if (file && !settings_read_yaml(a, file, yaml, &entries, c))
        return false;
    for (size_t i = 0; i < entries.n; i++)
        put_entry(&entries.items[i], chosen, c);
    put_environment(a, environment, chosen);
    return set_all(a, chosen, out, c) && settings_check(a, out, c);
}

static bool read_descriptor(int fd, struct arena *a, struct str *out)
{
    char *bytes = arena_alloc(a, FILE_MAX_BYTES + 1);
    size_t len = 0;
    ssize_t n;
    while ((n = read(fd, bytes + len, FILE_MAX_BYTES + 1 - len)) > 0)
        len += (size_t)n;
    *out = (struct str){bytes, len};
    return n == 0 && len <= FILE_MAX_BYTES;
}

static bool read_file(struct arena *a, const char *file, struct str *out, struct complaints *c)
{
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        complain(c, str_of(file), NULL, "cannot be read: %s", strerror(errno));
        return false;
    }
    bool ok = read_descriptor(fd, a, out);
    close(fd);
    if (!ok)
        complain(c, str_of(file), NULL, "cannot be read, or is larger than %d bytes",
                 FILE_MAX_BYTES);
    return ok;
}

bool settings_load(struct arena *a, const char *file, char *const *environment,
                   struct settings *out, struct complaints *c)
{
    struct str yaml = STR("");
    if (!file && access(SETTINGS_DEFAULT_FILE, F_OK) == 0)
        file = SETTINGS_DEFAULT_FILE;
    if (file && !read_file(a, file, &yaml, c))
        return false;
    return settings_parse(a, file, yaml, environment, out, c);
}

static unsigned cores(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n < 1 ? 1 : (unsigned)n;
}

unsigned settings_loops(const struct settings *s)
{
    if (s->loops)
        return (unsigned)s->loops;
    unsigned half = cores() / 2;
    return half < 1 ? 1 : half > 4 ? 4 : half;
}

unsigned settings_hash_threads(const struct settings *s)
{
    return s->hash_threads ? (unsigned)s->hash_threads : cores();
}

/* About two seconds of work at some 60 hashes a second and thread. */
unsigned settings_hash_queue(const struct settings *s)
{
    return s->hash_queue ? (unsigned)s->hash_queue : 120 * settings_hash_threads(s);
}
