/* SPDX-License-Identifier: Apache-2.0
 *
 * Printing replies. Control characters in values never reach a terminal.
 */
#include "output.h"

#include "base/arena.h"
#include "base/str.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const json_t *member_at(const json_t *row, const char *path)
{
    char name[64];
    while (row && *path) {
        size_t n = strcspn(path, ".");
        snprintf(name, sizeof name, "%.*s", (int)n, path);
        row = json_object_get(row, name);
        path += n + (path[n] == '.');
    }
    return row;
}

static char *scalar_text(const json_t *v)
{
    char *text = NULL;
    if (!v || json_is_null(v))
        return strdup("-");
    if (json_is_string(v)) {
        text = strdup(json_string_value(v));
        for (char *c = text; c && *c; c++)
            if ((unsigned char)*c < 0x20 || *c == 0x7f)
                *c = '?';
        return text;
    }
    if (json_is_array(v) && json_array_size(v) == 0)
        return strdup("-");
    return json_dumps(v, JSON_COMPACT | JSON_ENCODE_ANY);
}

/* Lists of texts read better joined than as JSON. */
static char *cell_text(const json_t *v)
{
    if (!json_is_array(v) || !json_is_string(json_array_get(v, 0)))
        return scalar_text(v);
    char *joined = strdup("");
    size_t i;
    json_t *item;
    json_array_foreach(v, i, item)
    {
        char *one = scalar_text(item);
        char *more = NULL;
        if (asprintf(&more, "%s%s%s", joined, i ? "," : "", one) < 0)
            abort();
        free(one);
        free(joined);
        joined = more;
    }
    return joined;
}

static void print_padded(const char *text, int width, bool last)
{
    int n = (int)utf8_length(str_of(text));
    fputs(text, stdout);
    for (; !last && n < width + 2; n++)
        putchar(' ');
}

enum { COLUMNS_MAX = 12 };

static size_t column_count(const struct column *columns)
{
    size_t n = 0;
    while (columns[n].title && n < COLUMNS_MAX)
        n++;
    return n;
}

static void column_widths(const struct column *columns, size_t n, const json_t *rows, int *widths)
{
    size_t i;
    json_t *row;
    for (size_t c = 0; c < n; c++)
        widths[c] = (int)strlen(columns[c].title);
    json_array_foreach(rows, i, row)
    {
        for (size_t c = 0; c < n; c++) {
            char *text = cell_text(member_at(row, columns[c].member));
            int w = (int)utf8_length(str_of(text));
            widths[c] = w > widths[c] ? w : widths[c];
            free(text);
        }
    }
}

static void print_table(const struct column *columns, const json_t *rows)
{
    int widths[COLUMNS_MAX];
    size_t n = column_count(columns);
    column_widths(columns, n, rows, widths);
    for (size_t c = 0; c < n; c++)
        print_padded(columns[c].title, widths[c], c + 1 == n);
    putchar('\n');
    size_t i;
    json_t *row;
    json_array_foreach(rows, i, row)
    {
        for (size_t c = 0; c < n; c++) {
            char *text = cell_text(member_at(row, columns[c].member));
            print_padded(text, widths[c], c + 1 == n);
            free(text);
        }
        putchar('\n');
    }
}

/* name: value lines, nested objects with a dotted prefix. */
static void print_members(const json_t *object, const char *prefix)
{
    const char *name;
    json_t *v;
    json_object_foreach((json_t *)(uintptr_t)object, name, v)
    {
        char *path = NULL;
        if (asprintf(&path, "%s%s%s", prefix, *prefix ? "." : "", name) < 0)
            abort();
        if (json_is_object(v) && json_object_size(v)) {
            print_members(v, path);
        } else {
            char *text = cell_text(v);
            printf("%-30s %s\n", path, text);
            free(text);
        }
        free(path);
    }
}

static void yaml_scalar(const json_t *v)
{
    char *text = json_dumps(v, JSON_COMPACT | JSON_ENCODE_ANY); /* JSON scalars are YAML scalars */
    puts(text ? text : "null");
    free(text);
}

static void print_yaml(const json_t *v, int indent);

static void yaml_value(const json_t *v, int indent)
{
    bool nested =
        (json_is_object(v) && json_object_size(v)) || (json_is_array(v) && json_array_size(v));
    if (!nested) {
        putchar(' ');
        yaml_scalar(v);
        return;
    }
    putchar('\n');
    print_yaml(v, indent);
}

static void print_yaml(const json_t *v, int indent)
{
    const char *name;
    json_t *item;
    size_t i;
    if (json_is_object(v)) {
        json_object_foreach((json_t *)(uintptr_t)v, name, item)
        {
            printf("%*s%s:", indent, "", name);
            yaml_value(item, indent + 2);
        }
    } else if (json_is_array(v)) {
        json_array_foreach(v, i, item)
        {
            printf("%*s-", indent, "");
            yaml_value(item, indent + 2);
        }
    } else {
        yaml_scalar(v);
    }
}

static void print_id(const json_t *row)
{
    const json_t *id = json_object_get(row, "id");
    if (!id)
        id = json_object_get(row, "kid");
    if (id)
        puts(json_string_value(id));
}

static void print_ids(const json_t *reply)
{
    size_t i;
    json_t *row;
    if (json_is_object(reply))
        print_id(reply);
    json_array_foreach(reply, i, row) print_id(row);
}

void output_print(const struct invocation *in, const json_t *reply)
{
    const char *form = in->options.output;
    if (!reply)
        return;
    if (in->options.quiet) {
        print_ids(reply);
    } else if (strcmp(form, "json") == 0) {
        json_dumpf(reply, stdout, JSON_INDENT(2));
        putchar('\n');
    } else if (strcmp(form, "yaml") == 0) {
        print_yaml(reply, 0);
    } else if (json_is_array(reply) && in->command->columns) {
        print_table(in->command->columns, reply);
    } else {
        print_members(reply, "");
    }
    if (in->command->traits & TRAIT_SECRET && strcmp(form, "table") == 0 && !in->options.quiet)
        fputs("\nKeep the keys now: they are not shown again.\n", stderr);
}
