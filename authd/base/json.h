/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON in and out. Reading: a byte scan caps depth before jansson sees the text; duplicate members,
 * NUL escapes, invalid UTF-8 and trailing bytes are refused; freed jansson memory is wiped because
 * bodies carry passwords. Writing: straight into a buf, no tree.
 */
#ifndef AUTHD_BASE_JSON_H
#define AUTHD_BASE_JSON_H

#include <jansson.h>

#include "base/chars.h"
#include "base/err.h"
#include "base/str.h"

enum { JSON_DEPTH_MAX = 32 };

/* Once per process: wiping allocator for jansson. */
void json_setup(void);

/* ERR_invalid_json, or a value whose reference the caller releases with json_decref. Only an object
 * or an array may stand at the top. */
MUST_CHECK enum err json_read(struct str text, json_t **out);
/* The bytes of a jansson string. */
struct str json_text(const json_t *string);

/* The members of one object without a tree: for texts of a few plain members, such as tokens. As
 * strict as json_read, and more members than JSON_MEMBERS_MAX are refused. */
enum { JSON_MEMBERS_MAX = 64 };
enum json_value_kind { JSON_OTHER_VALUE, JSON_TEXT_VALUE, JSON_INT_VALUE };
struct json_value {
    enum json_value_kind kind;
    struct str text; /* a string's bytes; of another kind the value as it stands in the text */
    int64_t num;     /* JSON_INT_VALUE: whole, not negative; other numbers are JSON_OTHER_VALUE */
};
struct json_members {
    size_t n; /* 0 after an error */
    struct str names[JSON_MEMBERS_MAX];
    struct json_value values[JSON_MEMBERS_MAX];
};
/* Strings point into text or into the arena. */
MUST_CHECK enum err json_read_members(struct arena *a, struct str text, struct json_members *out);
/* NULL: there is none. */
const struct json_value *json_members_find(const struct json_members *m, struct str name);

/* What the two readers share: a member's value of any kind, or NULL; and the position of the quote
 * that ends the string whose first byte is at `at`, or the end of the text. */
json_t *json_read_member(struct str text);
size_t json_string_end(struct str text, size_t at);

/* Writer. Members and elements get their commas by themselves. No allocation beyond the buf. */
struct json_writer {
    struct buf *buf;
    uint32_t first; /* bit per depth: nothing written yet at that depth */
    uint8_t depth;
    bool after_key;
};

void json_start(struct json_writer *w, struct buf *b);
void json_object_start(struct json_writer *w);
void json_object_end(struct json_writer *w);
void json_array_start(struct json_writer *w);
void json_array_end(struct json_writer *w);
void json_key(struct json_writer *w, struct str key); /* key needs no escaping */
void json_str_value(struct json_writer *w, struct str s);
void json_int_value(struct json_writer *w, int64_t v);
void json_bool_value(struct json_writer *w, bool v);
void json_null_value(struct json_writer *w);
void json_time_value(struct json_writer *w, int64_t wall_ms); /* RFC 3339 string, null when 0 */
void json_raw_value(struct json_writer *w, struct str valid_json);
#define json_member(w, key_literal) json_key((w), STR(key_literal))

/* What stands for itself in a string: printable ASCII but the quote and the backslash. */
extern const struct char_set json_plain;
/* Appends s as a quoted, escaped JSON string; bytes that are not UTF-8 become U+FFFD. */
void buf_json(struct buf *b, struct str s);

#endif
