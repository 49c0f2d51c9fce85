/* SPDX-License-Identifier: Apache-2.0
 *
 * One policy value. Each type of policy.def is a row of three functions; a policy that needs
 * another form becomes a row here and nothing else changes.
 */
#include "domain/policy_kind.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/clock.h"
#include "domain/claims.h"
#include "domain/tenant.h"

struct str policy_field(char buffer[POLICY_FIELD_MAX], struct str name)
{
    int n = snprintf(buffer, POLICY_FIELD_MAX, "policy.%.*s", STR_FMT(name));
    return (struct str){buffer, n < POLICY_FIELD_MAX ? (size_t)n : POLICY_FIELD_MAX - 1};
}

/* ---- duration ---- */

static bool refuse_duration(const struct policy_row *row, const char *code, struct problems *p)
{
    char min[DURATION_TEXT_LEN];
    char max[DURATION_TEXT_LEN];
    duration_format(row->min, min);
    duration_format(row->max, max);
    policy_problem(p, str_of(row->name), code,
                   "must be a duration such as 30s, 15m, 8h or 30d, from %s to %s", min, max);
    return false;
}

static bool read_duration(struct arena *a, const struct policy_row *row, const json_t *value,
                          void *member, struct problems *p)
{
    (void)a;
    int64_t seconds;
    if (!json_is_string(value))
        return refuse_duration(row, "wrong_type", p);
    if (!duration_parse(json_text(value), &seconds))
        return refuse_duration(row, "malformed", p);
    if (seconds < row->min || seconds > row->max)
        return refuse_duration(row, "out_of_range", p);
    *(int64_t *)member = seconds;
    return true;
}

static void write_duration(struct json_writer *w, const struct policy_row *row, const void *member)
{
    (void)row;
    char text[DURATION_TEXT_LEN];
    duration_format(*(const int64_t *)member, text);
    json_str_value(w, str_of(text));
}

static json_t *duration_from_text(const struct policy_row *row, struct str text)
{
    (void)row;
    int64_t seconds;
    if (!duration_parse(text, &seconds))
        return NULL;
    return json_stringn(text.ptr, text.len);
}

/* ---- number ---- */

static bool read_number(struct arena *a, const struct policy_row *row, const json_t *value,
                        void *member, struct problems *p)
{
    (void)a;
    int64_t number = json_integer_value(value);
    bool is_number = json_is_integer(value);
    if (is_number && number >= row->min && number <= row->max) {
        *(int64_t *)member = number;
        return true;
    }
    policy_problem(p, str_of(row->name), is_number ? "out_of_range" : "wrong_type",
                   "must be a whole number from %" PRId64 " to %" PRId64, row->min, row->max);
    return false;
}

static void write_number(struct json_writer *w, const struct policy_row *row, const void *member)
{
    (void)row;
    json_int_value(w, *(const int64_t *)member);
}

static json_t *number_from_text(const struct policy_row *row, struct str text)
{
    (void)row;
    int64_t number;
    if (!str_to_int(text, INT64_MIN, INT64_MAX, &number))
        return NULL;
    return json_integer(number);
}

/* ---- choice ---- */

/* The word at `index`; absent when there are fewer. */
static struct str choice_word(const struct policy_row *row, int64_t index)
{
    struct str rest = str_of(row->choices);
    struct str word;
    for (int64_t i = 0; str_split(&rest, '|', &word); i++) {
        if (i == index)
            return word;
    }
    return STR_NONE;
}

/* Its index, or -1. */
static int64_t choice_find(const struct policy_row *row, struct str text)
{
    struct str word;
    for (int64_t i = 0; str_is_set(word = choice_word(row, i)); i++) {
        if (str_eq(word, text))
            return i;
    }
    return -1;
}

static bool read_choice(struct arena *a, const struct policy_row *row, const json_t *value,
                        void *member, struct problems *p)
{
    (void)a;
    bool is_text = json_is_string(value);
    int64_t index = is_text ? choice_find(row, json_text(value)) : -1;
    if (index >= 0) {
        *(int64_t *)member = index;
        return true;
    }
    policy_problem(p, str_of(row->name), is_text ? "out_of_range" : "wrong_type",
                   "must be one of %s", row->choices);
    return false;
}

static void write_choice(struct json_writer *w, const struct policy_row *row, const void *member)
{
    json_str_value(w, choice_word(row, *(const int64_t *)member));
}

static json_t *choice_from_text(const struct policy_row *row, struct str text)
{
    if (choice_find(row, text) < 0)
        return NULL;
    return json_stringn(text.ptr, text.len);
}

/* ---- text ---- */

static bool has_control(struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if ((unsigned char)s.ptr[i] < 0x20 || s.ptr[i] == 0x7f)
            return true;
    }
    return false;
}

static bool read_text(struct arena *a, const struct policy_row *row, const json_t *value,
                      void *member, struct problems *p)
{
    const char *code = "wrong_type";
    if (json_is_string(value)) {
        struct str text = json_text(value);
        bool fits = (int64_t)text.len >= row->min && (int64_t)text.len <= row->max;
        if (fits && !has_control(text) && utf8_valid(text)) {
            *(struct str *)member = str_copy(a, text);
            return true;
        }
        code = fits ? "malformed" : "out_of_range";
    }
    policy_problem(p, str_of(row->name), code,
                   "must be text of %" PRId64 " to %" PRId64 " bytes without control characters",
                   row->min, row->max);
    return false;
}

static void write_text(struct json_writer *w, const struct policy_row *row, const void *member)
{
    (void)row;
    json_str_value(w, *(const struct str *)member);
}

static json_t *text_from_text(const struct policy_row *row, struct str text)
{
    (void)row;
    return json_stringn(text.ptr, text.len);
}

/* ---- lists ---- */

/* One element: brings it to its canonical form in the arena, or names what is wrong in *refusal. */
typedef bool (*element_fn)(struct arena *a, struct str text, struct str *out, const char **refusal);

static bool origin_element(struct arena *a, struct str text, struct str *out, const char **refusal)
{
    *refusal = "is not an origin such as https://app.example.com (scheme, host and perhaps a port)";
    return origin_parse(a, text, out);
}

static bool name_element(struct arena *a, struct str text, struct str *out, const char **refusal)
{
    *refusal = "is reserved";
    if (claim_name_reserved(text))
        return false;
    *refusal = "is not a claim name: a letter or _, then at most 63 of letters, digits and _.:/-";
    if (!claim_name_valid(text))
        return false;
    *out = str_copy(a, text);
    return true;
}

static bool list_has(const struct str_list *list, struct str s)
{
    for (size_t i = 0; i < list->n; i++) {
        if (str_eq(list->items[i], s))
            return true;
    }
    return false;
}

/* Appends one element, or adds a problem that quotes it. */
static bool read_element(struct arena *a, const struct policy_row *row, const json_t *value,
                         element_fn element, struct str_list *list, struct problems *p)
{
    enum { QUOTE_MAX = 100 };
    const char *refusal = "";
    struct str text = json_text(value);
    struct str item;
    struct str quote = str_slice(text, 0, QUOTE_MAX);
    if (!element(a, text, &item, &refusal)) {
        policy_problem(p, str_of(row->name), "malformed", "'%.*s' %s", STR_FMT(quote), refusal);
        return false;
    }
    if (list_has(list, item)) {
        policy_problem(p, str_of(row->name), "duplicate", "'%.*s' is listed twice", STR_FMT(quote));
        return false;
    }
    list->items[list->n++] = item;
    return true;
}

static bool read_list(struct arena *a, const struct policy_row *row, const json_t *value,
                      element_fn element, struct str_list *out, struct problems *p)
{
    size_t i;
    const json_t *item;
    bool good = true;
    size_t n = json_array_size(value);
    struct str_list list = {arena_new_array(a, n + 1, struct str), 0};
    json_array_foreach(value, i, item) good = good && json_is_string(item);
    if (!json_is_array(value) || !good) {
        policy_problem(p, str_of(row->name), "wrong_type", "must be a list of strings");
        return false;
    }
    if ((int64_t)n > row->max) {
        policy_problem(p, str_of(row->name), "out_of_range", "may have at most %" PRId64 " entries",
                       row->max);
        return false;
    }
    json_array_foreach(value, i, item) good = read_element(a, row, item, element, &list, p) && good;
    if (good)
        *out = list;
    return good;
}

static bool read_origins(struct arena *a, const struct policy_row *row, const json_t *value,
                         void *member, struct problems *p)
{
    return read_list(a, row, value, origin_element, member, p);
}

static bool read_names(struct arena *a, const struct policy_row *row, const json_t *value,
                       void *member, struct problems *p)
{
    return read_list(a, row, value, name_element, member, p);
}

static void write_list(struct json_writer *w, const struct policy_row *row, const void *member)
{
    (void)row;
    const struct str_list *list = member;
    json_array_start(w);
    for (size_t i = 0; i < list->n; i++)
        json_str_value(w, list->items[i]);
    json_array_end(w);
}

/* "a, b" -> ["a","b"]; no text is the empty list. */
static json_t *list_from_text(const struct policy_row *row, struct str text)
{
    (void)row;
    json_t *list = json_array();
    struct str rest = str_trim(text);
    struct str piece;
    if (rest.len == 0)
        return list;
    while (str_split(&rest, ',', &piece)) {
        struct str item = str_trim(piece);
        if (json_array_append_new(list, json_stringn(item.ptr, item.len))) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

/* clang-format off */
const struct policy_kind policy_kinds[] = {
    [POLICY_duration] = {read_duration, write_duration, duration_from_text},
    [POLICY_number]   = {read_number,   write_number,   number_from_text},
    [POLICY_choice]   = {read_choice,   write_choice,   choice_from_text},
    [POLICY_text]     = {read_text,     write_text,     text_from_text},
    [POLICY_origins]  = {read_origins,  write_list,     list_from_text},
    [POLICY_names]    = {read_names,    write_list,     list_from_text},
};
/* clang-format on */
