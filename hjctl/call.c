/* SPDX-License-Identifier: Apache-2.0
 *
 * A row that stands for an API call: path from the arguments, body and query from the flags, lists
 * page by page, a question before anything is destroyed.
 */
#include "api.h"
#include "command.h"
#include "output.h"

#include "base/arena.h"
#include "domain/policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct request {
    char *path;
    json_t *body;
};

/* What an argument is called in args is what it is called in path. */
static const char *argument_named(const struct invocation *in, const char *name, size_t len)
{
    const char *words = in->command->args;
    for (size_t i = 0; i < in->arg_count; i++) {
        size_t n = strcspn(words, " ");
        if (n == len && memcmp(words, name, n) == 0)
            return in->args[i];
        words += n + (words[n] == ' ');
    }
    return "";
}

static void append(char **text, const char *more, size_t n)
{
    char *grown = NULL;
    if (asprintf(&grown, "%s%.*s", *text ? *text : "", (int)n, more) < 0)
        abort();
    free(*text);
    *text = grown;
}

static char *path_of(const struct invocation *in)
{
    char *path = NULL;
    const char *p = in->command->path;
    while (*p) {
        size_t n = strcspn(p, "{");
        append(&path, p, n);
        p += n;
        if (*p == '{') {
            size_t len = strcspn(p + 1, "}");
            char *escaped = api_escape(argument_named(in, p + 1, len));
            append(&path, escaped, strlen(escaped));
            free(escaped);
            p += len + 2;
        }
    }
    return path;
}

static char *member_name(const struct flag *flag)
{
    char *name = strdup(flag->member ? flag->member : flag->name);
    for (char *c = name; c && *c; c++)
        if (*c == '-')
            *c = '_';
    return name;
}

static json_t *flag_json(const struct given *g)
{
    if (g->flag->type == FLAG_SWITCH)
        return json_true();
    if (g->flag->type == FLAG_NUMBER)
        return json_integer(strtoll(g->value, NULL, 10));
    return *g->value ? json_string(g->value) : json_null();
}

static const struct policy_row *policy_row_named(const char *name)
{
    for (size_t i = 0; i < policy_row_count; i++)
        if (strcmp(policy_rows[i].name, name) == 0)
            return &policy_rows[i];
    return NULL;
}

static int put_policy(json_t *body, const struct given *g, struct problems *problems)
{
    const struct policy_row *row = policy_row_named(g->flag->member);
    json_t *value = row ? policy_value_from_text(row, str_of(g->value), problems) : NULL;
    if (!value)
        return EXIT_USAGE;
    json_t *policy = json_object_get(body, "policy");
    if (!policy) {
        policy = json_object();
        json_object_set_new(body, "policy", policy);
    }
    json_object_set_new(policy, row->name, value);
    return EXIT_OK;
}

/* --reset a,b: null takes a policy back to its default. */
static int put_resets(const struct invocation *in, json_t *body)
{
    const char *text = flag_value(in, "reset");
    struct str rest = str_of(text);
    struct str piece;
    while (text && str_split(&rest, ',', &piece)) {
        char name[64];
        snprintf(name, sizeof name, "%.*s", STR_FMT(piece));
        for (char *c = name; *c; c++)
            if (*c == '-')
                *c = '_';
        if (!policy_row_named(name)) {
            fprintf(stderr, "hjctl: there is no policy %s\n", name);
            return EXIT_USAGE;
        }
        if (!json_object_get(body, "policy"))
            json_object_set_new(body, "policy", json_object());
        json_object_set_new(json_object_get(body, "policy"), name, json_null());
    }
    return EXIT_OK;
}

static void put_query(char **path, const char *name, const char *value)
{
    char *escaped = api_escape(value);
    char *pair = NULL;
    if (asprintf(&pair, "%c%s=%s", strchr(*path, '?') ? '&' : '?', name, escaped) < 0)
        abort();
    append(path, pair, strlen(pair));
    free(pair);
    free(escaped);
}

static int put_flag(struct request *r, const struct given *g, struct problems *problems)
{
    char *name = member_name(g->flag);
    int code = EXIT_OK;
    if (g->flag->place == TO_POLICY)
        code = put_policy(r->body, g, problems);
    else if (g->flag->place == TO_BODY)
        json_object_set_new(r->body, name, flag_json(g));
    else if (g->flag->place == TO_QUERY)
        put_query(&r->path, name, g->flag->type == FLAG_SWITCH ? "true" : g->value);
    free(name);
    return code;
}

/* An argument that is not in the path is the body member of its name: SLUG of tenant create. */
static void put_arguments(const struct invocation *in, json_t *body)
{
    const char *words = in->command->args;
    for (size_t i = 0; i < in->arg_count; i++) {
        char name[32] = "";
        char braced[36];
        size_t n = strcspn(words, " ");
        for (size_t c = 0; c < n && c + 1 < sizeof name; c++)
            name[c] = (char)(words[c] | 0x20);
        snprintf(braced, sizeof braced, "{%.*s}", (int)n, words);
        if (!strstr(in->command->path, braced))
            json_object_set_new(body, name, json_string(in->args[i]));
        words += n + (words[n] == ' ');
    }
}

static int request_build(const struct invocation *in, struct request *r)
{
    struct arena *a = arena_create(4096);
    struct problems problems = {.arena = a};
    *r = (struct request){.path = path_of(in), .body = json_object()};
    put_arguments(in, r->body);
    int code = EXIT_OK;
    for (size_t i = 0; i < in->given_count && code == EXIT_OK; i++)
        code = put_flag(r, &in->given[i], &problems);
    if (code == EXIT_OK)
        code = put_resets(in, r->body);
    for (size_t i = 0; i < problems.n; i++)
        fprintf(stderr, "hjctl: %.*s: %.*s\n", STR_FMT(problems.list[i].field),
                STR_FMT(problems.list[i].message));
    arena_destroy(a);
    return code;
}

static bool sends_body(const struct invocation *in, const struct request *r)
{
    if (strcmp(in->command->method, "PATCH") == 0)
        return true;
    return strcmp(in->command->method, "POST") == 0 && json_object_size(r->body) > 0;
}

static int list_all(struct invocation *in, struct request *r)
{
    const char *limit_text = flag_value(in, "limit");
    size_t limit = limit_text ? (size_t)strtoull(limit_text, NULL, 10) : SIZE_MAX;
    json_t *rows = json_array();
    char *cursor = NULL;
    int code;
    do {
        char page[16];
        char *path = strdup(r->path);
        size_t left = limit - json_array_size(rows);
        snprintf(page, sizeof page, "%zu", left < 100 ? left : (size_t)100);
        put_query(&path, "limit", page);
        if (cursor)
            put_query(&path, "cursor", cursor);
        struct api_reply reply;
        code = api_call(&in->options, "GET", path, NULL, NULL, &reply);
        free(path);
        free(cursor);
        cursor = NULL;
        if (code == EXIT_OK) {
            const char *next = json_string_value(json_object_get(reply.json, "next_cursor"));
            json_array_extend(rows, json_object_get(reply.json, "data"));
            cursor = next ? strdup(next) : NULL;
        }
        json_decref(reply.json);
    } while (code == EXIT_OK && cursor && json_array_size(rows) < limit);
    free(cursor);
    if (code == EXIT_OK)
        output_print(in, rows);
    json_decref(rows);
    return code;
}

/* Asks on a terminal; without one --yes must have been given. */
static int confirmed(const struct invocation *in)
{
    const struct command *c = in->command;
    const char *what = in->args[in->arg_count - 1];
    char answer[8] = "";
    if (flag_value(in, "yes"))
        return EXIT_OK;
    if (!isatty(STDIN_FILENO)) {
        fprintf(stderr,
                "hjctl: %s %s changes what cannot be taken back easily\n  what to do: --dry-run "
                "shows it, --yes does it\n",
                c->noun, c->verb);
        return EXIT_USAGE;
    }
    fprintf(stderr, "%s %s %s: %s.\nType yes to go on: ", c->noun, c->verb, what, c->doc);
    if (!fgets(answer, sizeof answer, stdin) || strcmp(answer, "yes\n") != 0) {
        fprintf(stderr, "hjctl: nothing was changed\n");
        return EXIT_FAILED;
    }
    return EXIT_OK;
}

/* The resource a destroying command is about: its path without the verb's own segment. */
static int dry_run(const struct invocation *in, const struct request *r)
{
    struct invocation show = *in;
    struct command plain = *in->command;
    char *path = strdup(r->path);
    path[strcspn(path, "?")] = '\0';
    char *suspend = strstr(path, "/suspend");
    char *keys = strstr(path, "/keys/");
    if (suspend || keys)
        *(suspend ? suspend : keys) = '\0';
    struct api_reply reply;
    int code = api_call(&in->options, "GET", path, NULL, NULL, &reply);
    if (code == EXIT_OK) {
        fprintf(stderr, "would %s: %s. Nothing was changed.\n", plain.verb, plain.doc);
        plain.columns = NULL;
        plain.traits = 0;
        show.command = &plain;
        output_print(&show, reply.json);
    }
    json_decref(reply.json);
    free(path);
    return code;
}

static int call_once(struct invocation *in, struct request *r)
{
    struct api_reply reply;
    int code = api_call(&in->options, in->command->method, r->path,
                        sends_body(in, r) ? r->body : NULL, flag_value(in, "if-match"), &reply);
    if (code == EXIT_OK)
        output_print(in, reply.json);
    json_decref(reply.json);
    return code;
}

int command_call(struct invocation *in)
{
    struct request r;
    int code = request_build(in, &r);
    if (code == EXIT_OK && in->command->traits & TRAIT_DESTROYS && flag_value(in, "dry-run"))
        code = dry_run(in, &r);
    else if (code == EXIT_OK && in->command->traits & TRAIT_LIST)
        code = list_all(in, &r);
    else if (code == EXIT_OK && in->command->traits & TRAIT_DESTROYS &&
             (code = confirmed(in)) != EXIT_OK)
        ;
    else if (code == EXIT_OK)
        code = call_once(in, &r);
    json_decref(r.body);
    free(r.path);
    return code;
}
