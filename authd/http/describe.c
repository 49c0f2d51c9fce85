/* SPDX-License-Identifier: Apache-2.0
 *
 * What a field accepts, in words: the end of "email must be …" in a 422, and the type column of the
 * docs.
 */
#include "base/clock.h"
#include "http/value.h"

static void add_bounds(struct buf *b, const struct field *row, const char *unit)
{
    if (row->min > 0 && row->max > 0)
        buf_printf(b, " of %lld to %lld %s", (long long)row->min, (long long)row->max, unit);
    else if (row->max > 0)
        buf_printf(b, " of at most %lld %s", (long long)row->max, unit);
    else if (row->min > 0)
        buf_printf(b, " of at least %lld %s", (long long)row->min, unit);
}

static void add_range(struct buf *b, const struct field *row)
{
    if (row->max != 0)
        buf_printf(b, " from %lld to %lld", (long long)row->min, (long long)row->max);
    else if (row->min != 0)
        buf_printf(b, " of at least %lld", (long long)row->min);
}

static void add_durations(struct buf *b, const struct field *row)
{
    char low[DURATION_TEXT_LEN];
    char high[DURATION_TEXT_LEN];
    buf_lit(b, "a duration such as \"15m\" or \"8h\"");
    if (row->max == 0)
        return;
    duration_format(row->min, low);
    duration_format(row->max, high);
    buf_printf(b, ", from %s to %s", low, high);
}

static void add_choices(struct buf *b, const struct field *row)
{
    struct str rest = str_of(row->choices);
    struct str choice;
    buf_lit(b, "one of");
    while (str_split(&rest, '|', &choice))
        buf_printf(b, " \"%.*s\"", STR_FMT(choice));
}

struct str value_describe(struct arena *a, const struct field *row)
{
    struct buf b;
    buf_init(&b, a, 64);
    switch (row->type) {
    case FIELD_TEXT:
    case FIELD_SECRET:
        buf_lit(&b, "a string");
        add_bounds(&b, row, "bytes");
        break;
    case FIELD_INT:
        buf_lit(&b, "a number");
        add_range(&b, row);
        break;
    case FIELD_BOOL:
        buf_lit(&b, "true or false");
        break;
    case FIELD_TIME:
        buf_lit(&b, "a time as in RFC 3339");
        break;
    case FIELD_DURATION:
        add_durations(&b, row);
        break;
    case FIELD_CHOICE:
        add_choices(&b, row);
        break;
    case FIELD_ID:
        buf_printf(&b, "an id that starts with %s", row->choices);
        break;
    case FIELD_JSON:
    case FIELD_OBJECT:
        buf_lit(&b, "an object");
        break;
    case FIELD_LIST:
        buf_lit(&b, "a list of objects");
        add_bounds(&b, row, "items");
        break;
    case FIELD_TEXTS:
        buf_lit(&b, "a list of strings");
        add_bounds(&b, row, "items");
        break;
    }
    return buf_view(&b);
}
