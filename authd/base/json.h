/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON in and out. Reading: a byte scan caps depth before jansson sees the text; duplicate members,
 * NUL escapes, invalid UTF-8 and trailing bytes are refused; freed jansson memory is wiped because
 * bodies carry passwords. Writing: straight into a buf, no tree.
 */
#ifndef AUTHD_BASE_JSON_H
#define AUTHD_BASE_JSON_H

#include <jansson.h>

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

/* Appends s as a quoted, escaped JSON string; bytes that are not UTF-8 become U+FFFD. */
void buf_json(struct buf *b, struct str s);

#endif
