/* SPDX-License-Identifier: Apache-2.0
 *
 * The env file: what a person or somebody's test suite needs to talk to a development server, one
 * NAME=value a line, quoted so that a shell can source it. Secret keys are shown once by the API,
 * so this file is also where they survive a restart.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/dev.h"

enum { READ_MAX = 64 * 1024 };

const char *dev_text(struct dev *d, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, fmt, args);
    char *out = arena_alloc(d->arena, (size_t)len + 1);
    vsnprintf(out, (size_t)len + 1, fmt, again);
    va_end(again);
    va_end(args);
    return out;
}

const char *dev_path(struct dev *d, const char *name)
{
    return dev_text(d, "%s/%s", d->state, name);
}

bool dev_refuse(const char *remedy, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    fputs("authd dev: ", stderr);
    vfprintf(stderr, fmt, args);
    va_end(args);
    fprintf(stderr, "\n  what to do: %s\n", remedy);
    return false;
}

const char *dev_read(struct dev *d, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    char *text = arena_alloc(d->arena, READ_MAX + 1);
    ssize_t n = read(fd, text, READ_MAX);
    close(fd);
    return n < 0 ? NULL : text;
}

bool dev_write(const char *path, const char *text, mode_t mode)
{
    char fresh[4096];
    size_t len = strlen(text);
    snprintf(fresh, sizeof(fresh), "%s.new", path);
    (void)unlink(fresh);
    int fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    bool ok = fd >= 0 && write(fd, text, len) == (ssize_t)len;
    if (fd >= 0 && close(fd) != 0)
        ok = false;
    if (ok && rename(fresh, path) == 0)
        return true;
    return dev_refuse("make room, and make the state directory writable", "%s: %s", path,
                      strerror(errno));
}

const char *dev_env_get(const struct dev_env *env, const char *name)
{
    for (size_t i = 0; i < env->n; i++)
        if (strcmp(env->lines[i].name, name) == 0)
            return env->lines[i].value;
    return NULL;
}

void dev_env_set(struct dev_env *env, const char *name, const char *value)
{
    if (env->n == ENV_MAX)
        abort();
    env->lines[env->n++] = (struct env_line){name, value};
}

static bool is_plain(const char *word)
{
    return *word &&
           word[strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                             "_./:=@%+,-")] == '\0';
}

/* 'it'\''s'; a plain word stays bare, so that $HJCTL works without eval. */
const char *dev_quote(struct dev *d, const char *word)
{
    if (is_plain(word))
        return word;
    struct buf b;
    buf_init(&b, d->arena, strlen(word) + 16);
    buf_char(&b, '\'');
    for (; *word; word++)
        if (*word == '\'')
            buf_lit(&b, "'\\''");
        else
            buf_char(&b, *word);
    buf_char(&b, '\'');
    return str_z(d->arena, buf_view(&b));
}

static const char *unquote(struct dev *d, struct str s)
{
    struct buf b;
    bool quoted = false;
    buf_init(&b, d->arena, s.len);
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] == '\'')
            quoted = !quoted;
        else if (s.ptr[i] == '\\' && !quoted && i + 1 < s.len)
            buf_char(&b, s.ptr[++i]);
        else
            buf_char(&b, s.ptr[i]);
    return str_z(d->arena, buf_view(&b));
}

void dev_env_read(struct dev *d)
{
    struct str rest = str_of(dev_read(d, dev_path(d, "env")));
    struct str line;
    while (str_split(&rest, '\n', &line)) {
        size_t eq = str_find(line, '=');
        if (eq == line.len || d->old.n == ENV_MAX)
            continue;
        dev_env_set(&d->old, str_z(d->arena, str_slice(line, 0, eq)),
                    unquote(d, str_slice(line, eq + 1, line.len)));
    }
}

bool dev_env_write(struct dev *d)
{
    struct buf b;
    buf_init(&b, d->arena, 2048);
    for (size_t i = 0; i < d->env.n; i++)
        buf_printf(&b, "%s=%s\n", d->env.lines[i].name, dev_quote(d, d->env.lines[i].value));
    return dev_write(dev_path(d, "env"), str_z(d->arena, buf_view(&b)), 0600);
}
