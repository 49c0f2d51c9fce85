/* SPDX-License-Identifier: Apache-2.0
 *
 * The members of one object, without a tree. A token is a dozen plain strings and numbers, and
 * building a tree of them cost a third of verifying it. Plain means printable ASCII without
 * escapes, and digits; whatever else a value is made of is cut out here and judged by jansson, so
 * that what is accepted is what json_read accepts.
 */
#include <assert.h>

#include "base/arena.h"
#include "base/chars.h"
#include "base/json.h"

enum { NUMBER_DIGITS_MAX = 18 /* always an int64_t */ };

struct reading {
    struct arena *arena;
    struct str text;
    size_t at;
};

static const struct char_set digits = {{CHARS_DIGITS}};
static const struct char_set word_chars = {{CHARS_ALNUM, ['-'] = true, ['+'] = true, ['.'] = true}};

static struct str rest_of(const struct reading *r)
{
    return str_slice(r->text, r->at, r->text.len);
}

/* The next byte that is no blank, or NUL at the end, which no JSON text contains. */
static char next_char(struct reading *r)
{
    static const struct char_set blanks = {
        {[' '] = true, ['\t'] = true, ['\r'] = true, ['\n'] = true}};
    r->at += chars_span(&blanks, rest_of(r));
    return r->at < r->text.len ? r->text.ptr[r->at] : '\0';
}

static bool take_char(struct reading *r, char c)
{
    if (next_char(r) != c)
        return false;
    r->at++;
    return true;
}

static bool take_odd_string(struct reading *r, struct str *out)
{
    size_t end = json_string_end(r->text, r->at + 1);
    struct str quoted = str_slice(r->text, r->at, end + 1);
    json_t *value = json_read_member(quoted);
    r->at += quoted.len;
    bool is_string = json_is_string(value);
    if (is_string)
        *out = str_copy(r->arena, json_text(value));
    json_decref(value);
    return is_string;
}

static bool take_string(struct reading *r, struct str *out)
{
    if (next_char(r) != '"')
        return false;
    struct str inside = str_slice(r->text, r->at + 1, r->text.len);
    size_t n = chars_span(&json_plain, inside);
    if (n == inside.len || inside.ptr[n] != '"')
        return take_odd_string(r, out);
    *out = str_slice(inside, 0, n);
    r->at += n + 2;
    return true;
}

/* The value as it stands: to the bracket that closes it, or a number or word. */
static struct str cut_value(struct reading *r)
{
    size_t from = r->at;
    int depth = 0;
    do {
        char c = next_char(r);
        depth += (c == '[' || c == '{') - (c == ']' || c == '}');
        if (c == '"')
            r->at = json_string_end(r->text, r->at + 1) + 1;
        else if (char_in(&word_chars, c))
            r->at += chars_span(&word_chars, rest_of(r));
        else
            r->at++;
    } while (depth > 0 && r->at < r->text.len);
    return str_slice(r->text, from, r->at);
}

static bool is_plain_number(struct str s)
{
    return chars_all(&digits, s) && s.len <= NUMBER_DIGITS_MAX && (s.ptr[0] != '0' || s.len == 1);
}

static bool take_value(struct reading *r, struct json_value *out)
{
    *out = (struct json_value){.kind = JSON_OTHER_VALUE};
    if (next_char(r) == '"') {
        out->kind = JSON_TEXT_VALUE;
        return take_string(r, &out->text);
    }
    out->text = cut_value(r);
    if (is_plain_number(out->text)) {
        out->kind = JSON_INT_VALUE;
        return str_to_int(out->text, 0, INT64_MAX, &out->num);
    }
    json_t *value = json_read_member(out->text);
    json_decref(value);
    return value != NULL;
}

static bool take_member(struct reading *r, struct json_members *m)
{
    struct str name;
    if (m->n == JSON_MEMBERS_MAX || !take_string(r, &name) || json_members_find(m, name) ||
        !take_char(r, ':') || !take_value(r, &m->values[m->n]))
        return false;
    m->names[m->n++] = name;
    return true;
}

static bool take_object(struct reading *r, struct json_members *m)
{
    if (!take_char(r, '{'))
        return false;
    if (take_char(r, '}'))
        return true;
    do {
        if (!take_member(r, m))
            return false;
    } while (take_char(r, ','));
    return take_char(r, '}');
}

enum err json_read_members(struct arena *a, struct str text, struct json_members *out)
{
    struct reading r = {.arena = a, .text = text};
    out->n = 0;
    if (take_object(&r, out) && next_char(&r) == '\0' && r.at == text.len)
        return ERR_OK;
    out->n = 0;
    return ERR_invalid_json;
}

const struct json_value *json_members_find(const struct json_members *m, struct str name)
{
    for (size_t i = 0; i < m->n; i++) {
        if (str_eq(m->names[i], name))
            return &m->values[i];
    }
    return NULL;
}
