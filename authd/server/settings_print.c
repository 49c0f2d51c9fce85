/* SPDX-License-Identifier: Apache-2.0
 *
 * The settings table for people: --print-config and --help-settings.
 */
#include "server/settings.h"

void settings_print(struct buf *b, const struct settings *s)
{
    for (size_t i = 0; i < setting_row_count; i++) {
        buf_str(b, str_of(setting_rows[i].name));
        buf_lit(b, ": ");
        setting_write(b, &setting_rows[i], s);
        buf_char(b, '\n');
    }
}

static const char *const type_names[] = {
    [SETTING_text] = "text",
    [SETTING_number] = "number",
    [SETTING_seconds] = "duration",
    [SETTING_flag] = "true or false",
    [SETTING_choice] = "one of",
    [SETTING_addresses] = "list of host:port",
    [SETTING_networks] = "list of networks",
    [SETTING_path] = "path",
};

static void write_range(struct buf *b, const struct setting_row *row)
{
    if (row->type == SETTING_choice)
        buf_printf(b, " %s", row->choices);
    else if (row->type == SETTING_number)
        buf_printf(b, " %lld to %lld", (long long)row->min, (long long)row->max);
    else if (row->type == SETTING_addresses || row->type == SETTING_networks)
        buf_printf(b, ", at most %lld", (long long)row->max);
}

static void write_row(struct buf *b, const struct setting_row *row)
{
    buf_printf(b, "%s\n    %s", row->name, type_names[row->type]);
    write_range(b, row);
    buf_printf(b, "; default %s; variable %s; %s\n    %s\n", *row->preset ? row->preset : "none",
               row->env, row->reload ? "applied by SIGHUP" : "needs a restart", row->doc);
}

void settings_help(struct buf *b)
{
    for (size_t i = 0; i < setting_row_count; i++)
        write_row(b, &setting_rows[i]);
}
