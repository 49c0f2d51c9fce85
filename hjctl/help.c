/* SPDX-License-Identifier: Apache-2.0
 *
 * What the command table says to people: usage, the manual page, explanations of error codes.
 */
#include "command.h"

#include "base/err.h"

#include <stdio.h>
#include <string.h>

static void print_flags(const struct flag *flags)
{
    for (; flags && flags->name; flags++) {
        char left[64];
        snprintf(left, sizeof left, "--%s%s%s", flags->name, flags->value ? " " : "",
                 flags->value ? flags->value : "");
        printf("  %-32s %s%s\n", left, flags->doc, flags->required ? " (required)" : "");
    }
}

static void print_command(const struct command *c)
{
    printf("usage: hjctl %s%s%s%s%s [flags]\n\n%s.\n", c->noun, *c->verb ? " " : "", c->verb,
           *c->args ? " " : "", c->args, c->doc);
    if (c->flags->name || c->traits & (TRAIT_POLICY | TRAIT_DESTROYS | TRAIT_LIST))
        puts("\nflags:");
    print_flags(c->flags);
    if (c->traits & TRAIT_POLICY)
        print_flags(policy_flags());
    if (c->traits & TRAIT_DESTROYS)
        print_flags(destroy_flags);
    if (c->traits & TRAIT_LIST)
        print_flags(list_flags);
    puts("\neverywhere:");
    print_flags(global_flags);
}

void print_usage(const struct command *only)
{
    if (only) {
        print_command(only);
        return;
    }
    puts("hjctl manages the tenants of an authd instance.\n\nusage: hjctl COMMAND [flags]\n");
    for (size_t i = 0; i < command_count; i++) {
        const struct command *c = &commands[i];
        char left[64];
        snprintf(left, sizeof left, "%s%s%s%s%s", c->noun, *c->verb ? " " : "", c->verb,
                 *c->args ? " " : "", c->args);
        if (!(c->traits & TRAIT_HIDDEN))
            printf("  %-32s %s\n", left, c->doc);
    }
    puts("\nhjctl COMMAND --help shows a command's flags. TENANT is a slug or an "
         "id.\n\neverywhere:");
    print_flags(global_flags);
    puts("\nexit status: 0 done, 1 failed, 2 usage, 3 unreachable or 503, 4 denied, 5 not found, 6 "
         "conflict, 7 invalid");
}

int command_help(struct invocation *in)
{
    (void)in;
    print_usage(NULL);
    return EXIT_OK;
}

int command_version(struct invocation *in)
{
    (void)in;
    puts("hjctl " AUTHD_VERSION);
    return EXIT_OK;
}

int command_explain(struct invocation *in)
{
    enum err e = err_from_code(in->args[0]);
    if (e == ERR_OK) {
        fprintf(stderr,
                "hjctl: there is no error code %s\n  what to do: docs/errors.md lists them\n",
                in->args[0]);
        return EXIT_NOT_FOUND;
    }
    const struct err_row *row = &err_rows[e];
    printf("%s (HTTP %d)\n  %s\n  cause:      %s\n  what to do: %s\n", row->code, row->status,
           row->text, row->cause, row->remedy);
    return EXIT_OK;
}

/* mdoc wants every sentence on a line of its own. */
static void man_sentences(const char *text)
{
    size_t n = strlen(text);
    for (; *text; text++) {
        bool ends = text[0] == '.' && text[1] == ' ';
        putchar(*text);
        if (ends)
            putchar('\n');
        text += ends;
    }
    puts(n && text[-1] == '.' ? "" : ".");
}

static void man_flags(const struct flag *flags)
{
    for (; flags && flags->name; flags++) {
        printf(".It Fl -%s", flags->name);
        if (flags->value)
            printf(" Ar %s", flags->value);
        putchar('\n');
        man_sentences(flags->doc);
    }
}

static void man_command(const struct command *c)
{
    printf(".It Ic %s%s%s", c->noun, *c->verb ? " " : "", c->verb);
    if (*c->args)
        printf(" Ar %s", c->args);
    printf("\n%s.\n", c->doc);
    if (c->traits & TRAIT_POLICY)
        puts("Takes every policy flag.");
    if (!c->flags->name)
        return;
    puts(".Bl -tag -width Ds -compact");
    man_flags(c->flags);
    puts(".El");
}

static void man_section(const char *title, const struct flag *flags)
{
    printf(".Sh %s\n.Bl -tag -width Ds\n", title);
    man_flags(flags);
    puts(".El");
}

int command_man(struct invocation *in)
{
    (void)in;
    puts(".\\\" Generated from the command table by `hjctl man`; do not edit.\n"
         ".Dd November 21, 2026\n.Dt HJCTL 1\n.Os authd " AUTHD_VERSION "\n.Sh NAME\n.Nm hjctl\n"
         ".Nd manage the tenants of an authd instance\n.Sh SYNOPSIS\n.Nm\n.Ar command\n.Op Ar "
         "flags\n.Sh DESCRIPTION\n"
         ".Nm\ntalks to the control plane of\n.Xr authd 8\nwith an operator key.\n"
         "A tenant is named by its slug or its id.\n.Bl -tag -width Ds");
    for (size_t i = 0; i < command_count; i++)
        if (!(commands[i].traits & TRAIT_HIDDEN))
            man_command(&commands[i]);
    puts(".El");
    man_section("POLICY FLAGS", policy_flags());
    man_section("FLAGS OF WHAT DESTROYS", destroy_flags);
    man_section("FLAGS OF LISTS", list_flags);
    man_section("FLAGS EVERYWHERE", global_flags);
    puts(".Sh FILES\n.Bl -tag -width Ds\n.It Pa ~/.config/hjctl/config.json\ncontexts, mode "
         "0600.\n.El\n"
         ".Sh EXIT STATUS\n0 done, 1 failed, 2 usage, 3 unreachable or 503, 4 denied, 5 not found, "
         "6 conflict, 7 invalid.\n"
         ".Sh EXAMPLES\n.Dl hjctl tenant update acme --session-duration 8h --allowed-origins "
         "\"https://app.acme.com\"\n"
         ".Sh SEE ALSO\n.Xr authd.conf 5 ,\n.Xr authd 8");
    return EXIT_OK;
}
