/* SPDX-License-Identifier: Apache-2.0
 *
 * Writing JSON straight into a buf. The writer remembers one bit per open container: whether a
 * comma is due.
 */
#include <assert.h>

#include "base/chars.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/utf8.h"

void json_start(struct json_writer *w, struct buf *b)
{
    *w = (struct json_writer){.buf = b};
}

static uint32_t depth_bit(const struct json_writer *w)
{
    return UINT32_C(1) << (w->depth - 1);
}

/* The comma before an element or member, unless it is the first. */
static void separate(struct json_writer *w)
{
    if (w->depth == 0)
        return;
    if (w->first & depth_bit(w))
        w->first &= ~depth_bit(w);
    else
        buf_char(w->buf, ',');
}

static void before_value(struct json_writer *w)
{
    if (!w->after_key)
        separate(w);
    w->after_key = false;
}

static void open_container(struct json_writer *w, char c)
{
    before_value(w);
    assert(w->depth < JSON_DEPTH_MAX);
    w->depth++;
    w->first |= depth_bit(w);
    buf_char(w->buf, c);
}

static void close_container(struct json_writer *w, char c)
{
    assert(w->depth > 0 && !w->after_key);
    w->depth--;
    buf_char(w->buf, c);
}

void json_object_start(struct json_writer *w)
{
    open_container(w, '{');
}

void json_object_end(struct json_writer *w)
{
    close_container(w, '}');
}

void json_array_start(struct json_writer *w)
{
    open_container(w, '[');
}

void json_array_end(struct json_writer *w)
{
    close_container(w, ']');
}

void json_key(struct json_writer *w, struct str key)
{
    assert(w->depth > 0 && !w->after_key);
    separate(w);
    char *to = buf_reserve(w->buf, key.len + 3);
    to[0] = '"';
    memcpy(to + 1, key.ptr, key.len);
    memcpy(to + 1 + key.len, "\":", 2);
    w->buf->len += key.len + 3;
    w->after_key = true;
}

void json_str_value(struct json_writer *w, struct str s)
{
    before_value(w);
    buf_json(w->buf, s);
}

void json_int_value(struct json_writer *w, int64_t v)
{
    before_value(w);
    buf_int(w->buf, v);
}

void json_raw_value(struct json_writer *w, struct str valid_json)
{
    before_value(w);
    buf_str(w->buf, valid_json);
}

void json_bool_value(struct json_writer *w, bool v)
{
    json_raw_value(w, v ? STR("true") : STR("false"));
}

void json_null_value(struct json_writer *w)
{
    json_raw_value(w, STR("null"));
}

void json_time_value(struct json_writer *w, int64_t wall_ms)
{
    if (wall_ms == 0) {
        json_null_value(w);
        return;
    }
    char text[TIME_TEXT_LEN + 1];
    time_format(wall_ms, text);
    before_value(w);
    buf_char(w->buf, '"');
    buf_add(w->buf, text, TIME_TEXT_LEN);
    buf_char(w->buf, '"');
}

const struct char_set json_plain = {
    {CHARS_ALNUM,  [' '] = true,  ['!'] = true, ['#'] = true, ['$'] = true, ['%'] = true,
     ['&'] = true, ['\''] = true, ['('] = true, [')'] = true, ['*'] = true, ['+'] = true,
     [','] = true, ['-'] = true,  ['.'] = true, ['/'] = true, [':'] = true, [';'] = true,
     ['<'] = true, ['='] = true,  ['>'] = true, ['?'] = true, ['@'] = true, ['['] = true,
     [']'] = true, ['^'] = true,  ['_'] = true, ['`'] = true, ['{'] = true, ['|'] = true,
     ['}'] = true, ['~'] = true}};

/* Control characters, the C1 range included: a terminal that shows a log line obeys those too. */
static bool is_control(uint32_t code_point)
{
    return code_point < 0x20 || (code_point >= 0x7F && code_point < 0xA0);
}

static void add_control(struct buf *b, uint32_t c)
{
    static const char short_names[] = "btn\0fr"; /* U+0008 .. U+000D; U+000B has none */
    if (c >= '\b' && c <= '\r' && c != '\v') {
        buf_char(b, '\\');
        buf_char(b, short_names[c - '\b']);
        return;
    }
    buf_lit(b, "\\u00");
    buf_char(b, "0123456789abcdef"[c >> 4 & 15]);
    buf_char(b, "0123456789abcdef"[c & 15]);
}

/* Adds the code point at s.ptr[at] and returns its length in s. */
static size_t add_special(struct buf *b, struct str s, size_t at)
{
    uint32_t code_point;
    size_t n = utf8_decode(s, at, &code_point);
    if (n == 0) {
        buf_lit(b, "\xEF\xBF\xBD");
        return 1;
    }
    if (is_control(code_point))
        add_control(b, code_point);
    else if (code_point == '"' || code_point == '\\')
        buf_add(b, (const char[]){'\\', (char)code_point}, 2);
    else
        buf_add(b, s.ptr + at, n);
    return n;
}

void buf_json(struct buf *b, struct str s)
{
    buf_char(b, '"');
    for (size_t at = 0; at < s.len;) {
        size_t n = chars_span(&json_plain, str_slice(s, at, s.len));
        buf_add(b, s.ptr + at, n);
        at += n;
        if (at < s.len)
            at += add_special(b, s, at);
    }
    buf_char(b, '"');
}
