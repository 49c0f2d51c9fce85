/* SPDX-License-Identifier: Apache-2.0
 *
 * The field types, one row each: how a value is read from JSON, from a path or query, and written.
 * Strings are copied out of the JSON tree, which is freed before the flow runs.
 */
#include "http/value.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/utf8.h"
#include "domain/policy.h"

/* Text of one list item where the row speaks of the number of items. */
enum { LIST_TEXT_MAX = 1024, LIST_ITEMS_MAX = 1000 };

/* ---- text forms: what a path, a query or a JSON string may hold ---- */

static bool is_text(struct str s)
{
    uint32_t c;
    for (size_t at = 0; at < s.len;) {
        size_t n = utf8_decode(s, at, &c);
        if (n == 0 || c < 0x20 || (c >= 0x7F && c < 0xA0))
            return false;
        at += n;
    }
    return true;
}

static bool in_bytes(const struct field *row, struct str s)
{
    int64_t len = (int64_t)s.len;
    return len >= row->min && (row->max == 0 || len <= row->max);
}

static bool read_text(struct arena *a, const struct field *row, struct str s, void *to)
{
    if (!in_bytes(row, s) || !is_text(s))
        return false;
    *(struct str *)to = str_copy(a, s);
    return true;
}

static bool read_secret(struct arena *a, const struct field *row, struct str s, void *to)
{
    if (!in_bytes(row, s) || str_find(s, '\0') < s.len || !utf8_valid(s))
        return false;
    *(struct str *)to = str_copy(a, s);
    return true;
}

static bool in_range(const struct field *row, int64_t v)
{
    return v >= row->min && (row->max == 0 || v <= row->max);
}

static bool read_int(struct arena *a, const struct field *row, struct str s, void *to)
{
    (void)a;
    int64_t v;
    if (!str_to_int(s, row->min, row->max ? row->max : INT64_MAX, &v))
        return false;
    *(int64_t *)to = v;
    return true;
}

static bool read_bool(struct arena *a, const struct field *row, struct str s, void *to)
{
    (void)a, (void)row;
    *(bool *)to = str_eq(s, STR("true"));
    return *(bool *)to || str_eq(s, STR("false"));
}

static bool read_time(struct arena *a, const struct field *row, struct str s, void *to)
{
    (void)a, (void)row;
    return time_parse(s, to);
}

static bool read_duration(struct arena *a, const struct field *row, struct str s, void *to)
{
    (void)a;
    int64_t v;
    if (!duration_parse(s, &v) || !in_range(row, v))
        return false;
    *(int64_t *)to = v;
    return true;
}

static bool read_choice(struct arena *a, const struct field *row, struct str s, void *to)
{
    struct str rest = str_of(row->choices);
    struct str choice;
    while (str_split(&rest, '|', &choice)) {
        if (str_eq(choice, s)) {
            *(struct str *)to = str_copy(a, s);
            return true;
        }
    }
    return false;
}

static bool read_id(struct arena *a, const struct field *row, struct str s, void *to)
{
    (void)a;
    return id_parse(s, row->choices, to);
}

/* "a,b" of a query. */
static bool read_texts(struct arena *a, const struct field *row, struct str s, void *to)
{
    struct str rest = s;
    struct str piece;
    size_t n = 0;
    while (s.len > 0 && str_split(&rest, ',', &piece))
        n++;
    if (n > LIST_ITEMS_MAX || !in_range(row, (int64_t)n))
        return false;
    struct str_list list = {arena_new_array(a, n, struct str), n};
    rest = s;
    for (size_t i = 0; i < n && str_split(&rest, ',', &piece); i++) {
        if (piece.len > LIST_TEXT_MAX || !is_text(piece))
            return false;
        list.items[i] = str_copy(a, piece);
    }
    *(struct str_list *)to = list;
    return true;
}

/* ---- JSON forms ---- */

static void wrong_type(struct reading *r, const struct field *row)
{
    struct str wanted = value_describe(r->arena, row);
    problem_add(r->problems, r->name, "wrong_type", "must be %.*s", STR_FMT(wanted));
}

static void json_int(struct reading *r, const struct field *row, const json_t *value, void *to)
{
    struct str wanted = value_describe(r->arena, row);
    if (!json_is_integer(value)) {
        wrong_type(r, row);
        return;
    }
    *(int64_t *)to = json_integer_value(value);
    if (!in_range(row, *(int64_t *)to))
        problem_add(r->problems, r->name, "out_of_range", "must be %.*s", STR_FMT(wanted));
}

static void json_bool(struct reading *r, const struct field *row, const json_t *value, void *to)
{
    if (json_is_boolean(value))
        *(bool *)to = json_is_true(value);
    else
        wrong_type(r, row);
}

static int add_bytes(const char *bytes, size_t n, void *b)
{
    buf_add(b, bytes, n);
    return 0;
}

static void json_any_object(struct reading *r, const struct field *row, const json_t *value,
                            void *to)
{
    struct buf b;
    if (!json_is_object(value)) {
        wrong_type(r, row);
        return;
    }
    buf_init(&b, r->arena, 256);
    if (json_dump_callback(value, add_bytes, &b, JSON_COMPACT) != 0)
        wrong_type(r, row);
    else if (!in_bytes(row, buf_view(&b)))
        problem_add(r->problems, r->name, "too_long", "must be at most %lld bytes of JSON",
                    (long long)row->max);
    else
        *(struct str *)to = buf_view(&b);
}

static void json_sub_object(struct reading *r, const struct field *row, const json_t *value,
                            void *to)
{
    if (!json_is_object(value)) {
        wrong_type(r, row);
        return;
    }
    void *sub = arena_alloc(r->arena, row->sub->size);
    members_from_json(r, row->sub, value, sub);
    *(void **)to = sub;
}

static struct str item_name(struct arena *a, struct str list, size_t i)
{
    struct buf b;
    buf_init(&b, a, list.len + 8);
    buf_str(&b, list);
    buf_char(&b, '.');
    buf_int(&b, (int64_t)i);
    return buf_view(&b);
}

/* An array whose length the row allows. */
static bool is_list(struct reading *r, const struct field *row, const json_t *value)
{
    if (!json_is_array(value)) {
        wrong_type(r, row);
        return false;
    }
    int64_t n = (int64_t)json_array_size(value);
    if (n <= LIST_ITEMS_MAX && in_range(row, n))
        return true;
    struct str wanted = value_describe(r->arena, row);
    problem_add(r->problems, r->name, "out_of_range", "must be %.*s", STR_FMT(wanted));
    return false;
}

static void json_objects(struct reading *r, const struct field *row, const json_t *value, void *to)
{
    struct str name = r->name;
    if (!is_list(r, row, value))
        return;
    size_t n = json_array_size(value);
    char *items = arena_array(r->arena, n, row->sub->size);
    for (size_t i = 0; i < n; i++) {
        const json_t *item = json_array_get(value, i);
        r->name = item_name(r->arena, name, i);
        if (json_is_object(item))
            members_from_json(r, row->sub, item, items + i * row->sub->size);
        else
            problem_add(r->problems, r->name, "wrong_type", "must be an object");
    }
    r->name = name;
    *(struct field_list *)to = (struct field_list){items, n};
}

static void json_texts(struct reading *r, const struct field *row, const json_t *value, void *to)
{
    if (!is_list(r, row, value))
        return;
    size_t n = json_array_size(value);
    struct str_list list = {arena_new_array(r->arena, n, struct str), n};
    for (size_t i = 0; i < n; i++) {
        const json_t *item = json_array_get(value, i);
        struct str s = json_is_string(item) ? json_text(item) : STR_NONE;
        if (!s.ptr || s.len > LIST_TEXT_MAX || !is_text(s)) {
            problem_add(r->problems, item_name(r->arena, r->name, i), "wrong_type",
                        "must be a string of at most %d bytes", LIST_TEXT_MAX);
            return;
        }
        list.items[i] = str_copy(r->arena, s);
    }
    *(struct str_list *)to = list;
}

/* ---- the table ---- */

/* clang-format off */
static const struct type {
    bool (*from_text)(struct arena *, const struct field *, struct str, void *);
    /* NULL: a JSON string that from_text reads */
    void (*from_json)(struct reading *, const struct field *, const json_t *, void *);
} types[] = {
    [FIELD_TEXT]     = {read_text, NULL},
    [FIELD_SECRET]   = {read_secret, NULL},
    [FIELD_INT]      = {read_int, json_int},
    [FIELD_BOOL]     = {read_bool, json_bool},
    [FIELD_TIME]     = {read_time, NULL},
    [FIELD_DURATION] = {read_duration, NULL},
    [FIELD_CHOICE]   = {read_choice, NULL},
    [FIELD_ID]       = {read_id, NULL},
    [FIELD_JSON]     = {NULL, json_any_object},
    [FIELD_OBJECT]   = {NULL, json_sub_object},
    [FIELD_LIST]     = {NULL, json_objects},
    [FIELD_TEXTS]    = {read_texts, json_texts},
};
/* clang-format on */

bool value_from_text(struct arena *a, const struct field *row, struct str text, void *to)
{
    const struct type *type = &types[row->type];
    return type->from_text && type->from_text(a, row, text, to);
}

/* Why a string was refused: clients tell people about lengths, not about the rest. */
static const char *text_problem(const struct field *row, struct str s)
{
    if (row->type != FIELD_TEXT && row->type != FIELD_SECRET)
        return "malformed";
    if ((int64_t)s.len < row->min)
        return "too_short";
    return row->max && (int64_t)s.len > row->max ? "too_long" : "malformed";
}

void value_from_json(struct reading *r, const struct field *row, const json_t *value, void *to)
{
    const struct type *type = &types[row->type];
    if (type->from_json) {
        type->from_json(r, row, value, to);
        return;
    }
    if (!json_is_string(value)) {
        wrong_type(r, row);
        return;
    }
    struct str text = json_text(value);
    if (type->from_text(r->arena, row, text, to))
        return;
    struct str wanted = value_describe(r->arena, row);
    problem_add(r->problems, r->name, text_problem(row, text), "must be %.*s", STR_FMT(wanted));
}
