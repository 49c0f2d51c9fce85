/* SPDX-License-Identifier: Apache-2.0
 *
 * hjctl: finds the command's row, reads flags in any order, runs it.
 */
#include "command.h"

#include "base/json.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct parser {
    struct invocation *in;
    int argc;
    char **argv;
    int at;
};

const char *flag_value(const struct invocation *in, const char *name)
{
    for (size_t i = 0; i < in->given_count; i++)
        if (strcmp(in->given[i].flag->name, name) == 0)
            return in->given[i].value ? in->given[i].value : "";
    return NULL;
}

static const struct command *command_find(const char *noun, const char *verb, bool *noun_known)
{
    *noun_known = false;
    for (size_t i = 0; i < command_count; i++) {
        const struct command *c = &commands[i];
        if (strcmp(c->noun, noun) != 0)
            continue;
        *noun_known = true;
        if (!*c->verb || (verb && strcmp(c->verb, verb) == 0))
            return c;
    }
    return NULL;
}

static const struct flag *flag_in(const struct flag *flags, const char *name, size_t len)
{
    for (; flags && flags->name; flags++)
        if (strlen(flags->name) == len && memcmp(flags->name, name, len) == 0)
            return flags;
    return NULL;
}

static const struct flag *flag_find(const struct command *c, const char *name, size_t len)
{
    const struct flag *f = flag_in(global_flags, name, len);
    if (!f && c)
        f = flag_in(c->flags, name, len);
    if (!f && c && c->traits & TRAIT_POLICY)
        f = flag_in(policy_flags(), name, len);
    if (!f && c && c->traits & TRAIT_DESTROYS)
        f = flag_in(destroy_flags, name, len);
    if (!f && c && c->traits & TRAIT_LIST)
        f = flag_in(list_flags, name, len);
    return f;
}

static const char *long_name(const char *word)
{
    static const char *const shorts[][2] = {
        {"-o", "--output"}, {"-q", "--quiet"}, {"-h", "--help"}, {"-y", "--yes"}};
    for (size_t i = 0; i < sizeof shorts / sizeof shorts[0]; i++)
        if (strcmp(word, shorts[i][0]) == 0)
            return shorts[i][1];
    return word;
}

static int usage_error(const struct command *c, const char *what, const char *word)
{
    fprintf(stderr, "hjctl: %s %s\n  what to do: hjctl %s%s%s --help\n", what, word,
            c ? c->noun : "help", c && *c->verb ? " " : "", c ? c->verb : "");
    return EXIT_USAGE;
}

static bool is_number(const char *text)
{
    int64_t v;
    return str_to_int(str_of(text), 0, INT64_MAX, &v);
}

/* A flag stands once; of the global ones the last counts, so that a prepared command line can be
 * overruled. */
static int put_flag(struct invocation *in, const struct flag *f, const char *value,
                    const char *word)
{
    struct given *g = in->given;
    while (g < in->given + in->given_count && g->flag != f)
        g++;
    bool again = g < in->given + in->given_count;
    if (again && !flag_in(global_flags, f->name, strlen(f->name)))
        return usage_error(in->command, "given twice:", word);
    if (!again && in->given_count == FLAGS_MAX)
        return usage_error(in->command, "too many flags:", word);
    *g = (struct given){f, value};
    in->given_count += !again;
    return EXIT_OK;
}

static int take_flag(struct parser *p, const char *word)
{
    struct invocation *in = p->in;
    const char *name = long_name(word) + 2;
    size_t len = strcspn(name, "=");
    const struct flag *f = flag_find(in->command, name, len);
    const char *value = name[len] == '=' ? name + len + 1 : NULL;
    if (!f)
        return usage_error(in->command, "unknown flag", word);
    if (f->type != FLAG_SWITCH && !value)
        value = p->at < p->argc ? p->argv[p->at++] : NULL;
    if ((f->type == FLAG_SWITCH) != (value == NULL))
        return usage_error(in->command,
                           f->type == FLAG_SWITCH ? "takes no value:" : "needs a value:", word);
    if (f->type == FLAG_NUMBER && !is_number(value))
        return usage_error(in->command, "is no number:", value);
    return put_flag(in, f, value, word);
}

static size_t argument_count(const struct command *c)
{
    size_t n = *c->args ? 1 : 0;
    for (const char *s = c->args; *s; s++)
        n += *s == ' ';
    return n;
}

static int check_complete(const struct invocation *in)
{
    const struct command *c = in->command;
    if (in->arg_count < argument_count(c))
        return usage_error(c, "missing argument:", c->args);
    for (size_t i = 0; i < in->arg_count; i++)
        if (!*in->args[i])
            return usage_error(c, "an argument is empty:", c->args);
    for (const struct flag *f = c->flags; f->name; f++)
        if (f->required && !flag_value(in, f->name))
            return usage_error(c, "missing flag: --", f->name);
    return EXIT_OK;
}

static int take_words(struct parser *p)
{
    struct invocation *in = p->in;
    while (p->at < p->argc) {
        const char *word = p->argv[p->at++];
        if (word[0] == '-' && word[1]) {
            int code = take_flag(p, word);
            if (code != EXIT_OK)
                return code;
        } else if (in->arg_count == argument_count(in->command)) {
            return usage_error(in->command, "unexpected", word);
        } else {
            in->args[in->arg_count++] = word;
        }
    }
    return EXIT_OK;
}

static const char *or_environment(const char *given, const char *variable, const char *preset)
{
    const char *value = given ? given : getenv(variable);
    return value && *value ? value : preset;
}

static int read_options(struct invocation *in)
{
    struct options *o = &in->options;
    const char *timeout = flag_value(in, "timeout");
    *o = (struct options){.url = flag_value(in, "url"),
                          .key_file = flag_value(in, "key-file"),
                          .context = flag_value(in, "context"),
                          .output =
                              or_environment(flag_value(in, "output"), "HJCTL_OUTPUT", "table"),
                          .quiet = flag_value(in, "quiet") != NULL,
                          .timeout_s = timeout ? strtol(timeout, NULL, 10) : 60};
    if (strcmp(o->output, "table") != 0 && strcmp(o->output, "json") != 0 &&
        strcmp(o->output, "yaml") != 0)
        return usage_error(in->command, "output is table, json or yaml, not", o->output);
    return EXIT_OK;
}

/* Global flags may stand before the command too. */
static int skip_leading_flags(struct parser *p)
{
    while (p->at < p->argc && p->argv[p->at][0] == '-') {
        const char *word = p->argv[p->at++];
        int code = take_flag(p, word);
        if (code != EXIT_OK)
            return code;
    }
    return EXIT_OK;
}

static int find_command(struct parser *p)
{
    struct invocation *in = p->in;
    bool noun_known;
    const char *noun = p->argv[p->at++];
    const char *verb = p->at < p->argc ? p->argv[p->at] : NULL;
    in->command = command_find(noun, verb, &noun_known);
    if (!in->command)
        return usage_error(NULL, noun_known ? "missing or unknown verb of" : "unknown command",
                           noun);
    if (*in->command->verb)
        p->at++;
    return EXIT_OK;
}

int main(int argc, char **argv)
{
    struct invocation in = {0};
    struct parser p = {&in, argc, argv, 1};
    json_setup();
    int code = skip_leading_flags(&p);
    if (code != EXIT_OK)
        return code;
    if (p.at == argc) {
        print_usage(NULL);
        return flag_value(&in, "help") ? EXIT_OK : EXIT_USAGE;
    }
    code = find_command(&p);
    if (code == EXIT_OK)
        code = take_words(&p);
    if (code == EXIT_OK && flag_value(&in, "help")) {
        print_usage(in.command);
        return EXIT_OK;
    }
    if (code == EXIT_OK)
        code = check_complete(&in);
    if (code == EXIT_OK)
        code = read_options(&in);
    if (code != EXIT_OK)
        return code;
    curl_global_init(CURL_GLOBAL_DEFAULT);
    code = in.command->run ? in.command->run(&in) : command_call(&in);
    curl_global_cleanup();
    return fflush(stdout) == 0 ? code : EXIT_FAILED;
}
