/* SPDX-License-Identifier: Apache-2.0
 *
 * The sections that are one table each: settings, policies, errors, events.
 */
#include "base/clock.h"
#include "base/err.h"
#include "docgen.h"
#include "domain/policy.h"

/* ---- settings ---- */

/* As in settings.def: every column as the text that stands there. */
struct setting {
    const char *name, *env, *type, *preset, *min, *max, *reload, *doc;
};

static const struct setting settings[] = {
#define SETTING(name, env, type, preset, min, max, reload, secret, doc) \
    {#name, env, #type, preset, #min, #max, #reload, doc},
#include "authd/settings.def"
#undef SETTING
};

enum { SETTINGS = sizeof(settings) / sizeof(settings[0]) };

static bool is(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

/* "one of 1.2, 1.3"; min of a choice is a literal, quotes included. */
static void add_choices(struct buf *b, const char *quoted)
{
    struct str rest = str_slice(str_of(quoted), 1, strlen(quoted) - 1);
    struct str choice;
    const char *separator = "one of ";
    while (str_split(&rest, '|', &choice)) {
        buf_printf(b, "%s%.*s", separator, STR_FMT(choice));
        separator = ", ";
    }
}

static void add_setting_type(struct buf *b, const struct setting *s)
{
    if (is(s->type, "choice"))
        add_choices(b, s->min);
    else if (is(s->type, "number"))
        buf_printf(b, "number, %s to %s", s->min, s->max);
    else if (is(s->type, "seconds"))
        buf_printf(b, "duration (`30s 15m 8h 30d`), %s to %s seconds", s->min, s->max);
    else if (is(s->type, "flag"))
        buf_lit(b, "true or false");
    else if (is(s->type, "addresses"))
        buf_printf(b, "list of host:port, at most %s", s->max);
    else if (is(s->type, "networks"))
        buf_printf(b, "list of networks in CIDR form, at most %s", s->max);
    else
        buf_str(b, str_of(s->type));
}

void section_settings(struct buf *b)
{
    for (size_t i = 0; i < SETTINGS; i++) {
        const struct setting *s = &settings[i];
        buf_printf(b, "\n### %s\n\n%s\n\n- environment: `%s`\n- value: ", s->name, s->doc, s->env);
        add_setting_type(b, s);
        buf_printf(b, "\n- default: %s%s%s\n- %s\n", *s->preset ? "`" : "",
                   *s->preset ? s->preset : "empty", *s->preset ? "`" : "",
                   is(s->reload, "yes") ? "applied by SIGHUP" : "needs a restart");
    }
}

/* mdoc text: no control line by accident, no escapes, no Markdown, each sentence on its own line.
 */
static void add_mdoc(struct buf *b, const char *s)
{
    struct str text = str_of(s);
    if (*s == '.' || *s == '\'')
        buf_lit(b, "\\&");
    for (; *s; s++) {
        if (*s == '\\')
            buf_lit(b, "\\e");
        else if (*s == ' ' && s > text.ptr && s[-1] == '.')
            buf_char(b, '\n');
        else if (*s != '`')
            buf_char(b, *s);
    }
}

void section_settings_mdoc(struct buf *b)
{
    buf_lit(b, ".Bl -tag -width Ds\n");
    for (size_t i = 0; i < SETTINGS; i++) {
        const struct setting *s = &settings[i];
        struct buf type;
        buf_init(&type, b->arena, 64);
        add_setting_type(&type, s);
        buf_printf(b, ".It Ic %s\n", s->name);
        add_mdoc(b, s->doc);
        buf_lit(b, "\n.br\n");
        add_mdoc(b, str_z(b->arena, buf_view(&type)));
        buf_printf(b, "; default %s; %s.\n", *s->preset ? s->preset : "empty",
                   is(s->reload, "yes") ? "applied by SIGHUP" : "needs a restart");
    }
    buf_lit(b, ".El\n");
}

void section_environment_mdoc(struct buf *b)
{
    buf_lit(b, ".Bl -tag -width Ds\n");
    for (size_t i = 0; i < SETTINGS; i++)
        buf_printf(b, ".It Ev %s\n.Ic %s\n", settings[i].env, settings[i].name);
    buf_lit(b, ".El\n");
}

/* ---- policies ---- */

static void add_policy_value(struct buf *b, const struct policy_row *row)
{
    char low[DURATION_TEXT_LEN];
    char high[DURATION_TEXT_LEN];
    switch (row->type) {
    case POLICY_duration:
        duration_format(row->min, low);
        duration_format(row->max, high);
        buf_printf(b, "duration, %s to %s", low, high);
        break;
    case POLICY_number:
        buf_printf(b, "%lld to %lld", (long long)row->min, (long long)row->max);
        break;
    case POLICY_choice:
        add_cell(b, row->choices);
        break;
    case POLICY_text:
        buf_printf(b, "text, at most %lld bytes", (long long)row->max);
        break;
    case POLICY_origins:
        buf_printf(b, "origins, at most %lld", (long long)row->max);
        break;
    case POLICY_names:
        buf_printf(b, "names, at most %lld", (long long)row->max);
        break;
    }
}

void section_policy(struct buf *b)
{
    buf_lit(b, "| policy | flag | value | default | |\n|---|---|---|---|---|\n");
    for (size_t i = 0; i < policy_row_count; i++) {
        const struct policy_row *row = &policy_rows[i];
        buf_printf(b, "| `%s` | `--", row->name);
        add_dashed(b, row->name);
        buf_lit(b, "` | ");
        add_policy_value(b, row);
        buf_printf(b, " | %s | ", *row->preset ? row->preset : "empty");
        add_cell(b, row->doc);
        buf_lit(b, " |\n");
    }
}

/* ---- errors ---- */

void section_errors(struct buf *b)
{
    for (int e = 1; e < ERR_COUNT; e++) {
        const struct err_row *row = &err_rows[e];
        buf_printf(b, "\n### %s\n\n%d: %s\n\n- why: %s\n- what to do: %s\n", row->code, row->status,
                   row->text, row->cause, row->remedy);
        if (row->retry_after > 0)
            buf_printf(b, "- `Retry-After`: %d s\n", row->retry_after);
    }
}

/* ---- events ---- */

static const struct event {
    const char *name, *plane, *doc;
} events[] = {
#define EVENT(id, name, plane, doc) {name, #plane, doc},
#include "authd/events.def"
#undef EVENT
};

void section_events(struct buf *b)
{
    buf_lit(b, "| event | log | |\n|---|---|---|\n");
    for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
        buf_printf(b, "| `%s` | %s | ", events[i].name, events[i].plane);
        add_cell(b, events[i].doc);
        buf_lit(b, " |\n");
    }
}
