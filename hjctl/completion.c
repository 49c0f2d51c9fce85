/* SPDX-License-Identifier: Apache-2.0
 *
 * Completion scripts for bash, zsh and fish, from the command table.
 */
#include "command.h"

#include <stdio.h>
#include <string.h>

typedef void (*flag_fn)(const struct flag *flag, const struct command *c);

static void each_flag(const struct command *c, flag_fn fn)
{
    const struct flag *groups[] = {c->flags, c->traits & TRAIT_POLICY ? policy_flags() : NULL,
                                   c->traits & TRAIT_DESTROYS ? destroy_flags : NULL,
                                   c->traits & TRAIT_LIST ? list_flags : NULL, global_flags};
    for (size_t g = 0; g < sizeof groups / sizeof groups[0]; g++)
        for (const struct flag *f = groups[g]; f && f->name; f++)
            fn(f, c);
}

static void word_flag(const struct flag *f, const struct command *c)
{
    (void)c;
    printf("--%s ", f->name);
}

static bool first_of_noun(size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (strcmp(commands[i].noun, commands[at].noun) == 0)
            return false;
    return true;
}

static void print_nouns(void)
{
    for (size_t i = 0; i < command_count; i++)
        if (first_of_noun(i) && !(commands[i].traits & TRAIT_HIDDEN))
            printf("%s ", commands[i].noun);
}

static void print_verbs(const char *noun)
{
    for (size_t i = 0; i < command_count; i++)
        if (strcmp(commands[i].noun, noun) == 0 && *commands[i].verb)
            printf("%s ", commands[i].verb);
}

static void print_bash(void)
{
    puts("_hjctl() {\n    local cur=${COMP_WORDS[COMP_CWORD]} words=\"\"\n"
         "    case \"$COMP_CWORD:${COMP_WORDS[1]}:${COMP_WORDS[2]}\" in\n    1:*)");
    printf("        words=\"");
    print_nouns();
    puts("\" ;;");
    for (size_t i = 0; i < command_count; i++) {
        if (!first_of_noun(i) || !*commands[i].verb)
            continue;
        printf("    2:%s:*) words=\"", commands[i].noun);
        print_verbs(commands[i].noun);
        puts("\" ;;");
    }
    for (size_t i = 0; i < command_count; i++) {
        printf("    *:%s:%s) words=\"", commands[i].noun,
               *commands[i].verb ? commands[i].verb : "*");
        each_flag(&commands[i], word_flag);
        puts("\" ;;");
    }
    puts("    esac\n    COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n}\ncomplete -F _hjctl "
         "hjctl");
}

static void fish_flag(const struct flag *f, const struct command *c)
{
    printf("complete -c hjctl -n '__fish_seen_subcommand_from %s", c->noun);
    if (*c->verb)
        printf("; and __fish_seen_subcommand_from %s", c->verb);
    printf("' -l %s%s\n", f->name, f->type == FLAG_SWITCH ? "" : " -r");
}

static void print_fish(void)
{
    puts("complete -c hjctl -f");
    for (size_t i = 0; i < command_count; i++) {
        const struct command *c = &commands[i];
        if (c->traits & TRAIT_HIDDEN)
            continue;
        if (first_of_noun(i))
            printf("complete -c hjctl -n __fish_use_subcommand -a %s\n", c->noun);
        if (*c->verb)
            printf("complete -c hjctl -n '__fish_seen_subcommand_from %s' -a %s -d '%s'\n", c->noun,
                   c->verb, c->doc);
        each_flag(c, fish_flag);
    }
}

int command_completion(struct invocation *in)
{
    const char *shell = in->args[0];
    if (strcmp(shell, "bash") == 0) {
        print_bash();
    } else if (strcmp(shell, "zsh") == 0) {
        puts("#compdef hjctl\nautoload -U +X bashcompinit && bashcompinit");
        print_bash();
    } else if (strcmp(shell, "fish") == 0) {
        print_fish();
    } else {
        fprintf(stderr, "hjctl: completion is for bash, zsh or fish, not %s\n", shell);
        return EXIT_USAGE;
    }
    return EXIT_OK;
}
