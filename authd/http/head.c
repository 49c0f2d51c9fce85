/* SPDX-License-Identifier: Apache-2.0
 *
 * The head of a request as it came over the wire. The server library is lenient where a proxy in
 * front may be lenient in another way (it takes the first of two Content-Lengths, the last of two
 * Hosts, chunked beside Content-Length, lines that end in a bare LF, folded lines): that is how
 * requests are smuggled. So the raw bytes are read again here, and what has two readings is
 * refused. RFC 9112 sections 2.2, 3, 5 and 6; RFC 9110 section 7.2.
 */
#include "base/chars.h"
#include "http/http.h"

enum { HEAD_MAX = 16 * 1024, CONTENT_LENGTH_DIGITS_MAX = 15 };

/* What was seen so far. */
struct head {
    bool version_11;
    unsigned hosts;
    unsigned content_lengths;
    unsigned transfer_encodings;
};

static const struct char_set digits = {{CHARS_DIGITS}};
/* RFC 9110 section 5.6.2. */
static const struct char_set token_chars = {
    {CHARS_ALNUM, ['!'] = true, ['#'] = true, ['$'] = true, ['%'] = true, ['&'] = true,
     ['\''] = true, ['*'] = true, ['+'] = true, ['-'] = true, ['.'] = true, ['^'] = true,
     ['_'] = true, ['`'] = true, ['|'] = true, ['~'] = true}};
/* Name or address with an optional port; nothing that ends an authority or joins two. */
static const struct char_set host_chars = {
    {CHARS_ALNUM, ['-'] = true, ['.'] = true, ['_'] = true, ['~'] = true, ['%'] = true,
     [':'] = true, ['['] = true, [']'] = true, ['!'] = true, ['$'] = true, ['&'] = true,
     ['\''] = true, ['('] = true, [')'] = true, ['*'] = true, ['+'] = true, [';'] = true,
     ['='] = true}};

/* The next line without its CRLF. False when no CRLF is left, or when a CR or LF stands elsewhere.
 */
static bool next_line(struct str *rest, struct str *line)
{
    size_t end = str_find(*rest, '\n');
    if (end == rest->len || end == 0 || rest->ptr[end - 1] != '\r')
        return false;
    *line = str_slice(*rest, 0, end - 1);
    *rest = str_slice(*rest, end + 1, rest->len);
    return str_find(*line, '\r') == line->len;
}

/* Origin form only (or "*" for OPTIONS, which no path matches later): visible ASCII. */
static bool target_valid(struct str target)
{
    if (target.len == 0 || (target.ptr[0] != '/' && !str_eq(target, STR("*"))))
        return false;
    for (size_t i = 0; i < target.len; i++) {
        if (target.ptr[i] <= ' ' || target.ptr[i] >= 0x7F)
            return false;
    }
    return true;
}

static bool request_line_valid(struct str line, struct head *head)
{
    struct str method;
    struct str target;
    struct str version;
    if (!str_split(&line, ' ', &method) || !str_split(&line, ' ', &target) ||
        !str_split(&line, ' ', &version) || line.ptr)
        return false;
    head->version_11 = str_eq(version, STR("HTTP/1.1"));
    return chars_all(&token_chars, method) && target_valid(target) &&
           (head->version_11 || str_eq(version, STR("HTTP/1.0")));
}

static bool is_control(unsigned char c)
{
    return (c < ' ' && c != '\t') || c == 0x7F;
}

/* Whether any of eight bytes is below a blank or 0x7F: a byte loses its highest bit's complement in
 * a subtraction only when it was smaller. */
static bool has_low_or_del(const char *eight)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t v;
    memcpy(&v, eight, sizeof(v));
    uint64_t del = v ^ ones * 0x7F;
    return (((v - ones * ' ') & ~v) | ((del - ones) & ~del)) & ones * 0x80;
}

/* Bytes above 0x7F are obs-text: opaque, never interpreted. */
static bool value_valid(struct str value)
{
    size_t i = 0;
    while (value.len - i >= 8 && !has_low_or_del(value.ptr + i))
        i += 8;
    while (i < value.len && !is_control((unsigned char)value.ptr[i]))
        i++;
    return i == value.len;
}

static bool header_valid(struct str name, struct str value, struct head *head)
{
    if (str_ieq(name, STR("host"))) {
        head->hosts++;
        return chars_all(&host_chars, value);
    }
    if (str_ieq(name, STR("content-length"))) {
        head->content_lengths++;
        return chars_all(&digits, value) && value.len <= CONTENT_LENGTH_DIGITS_MAX;
    }
    if (str_ieq(name, STR("transfer-encoding"))) {
        head->transfer_encodings++;
        return str_ieq(value, STR("chunked"));
    }
    return true;
}

static bool header_line_valid(struct str line, struct head *head)
{
    size_t colon = str_find(line, ':');
    struct str name = str_slice(line, 0, colon);
    struct str value = str_slice(line, colon + 1, line.len);
    return colon < line.len && chars_all(&token_chars, name) && value_valid(value) &&
           header_valid(name, str_trim(value), head);
}

/* RFC 9112 section 6.1: no chunked coding in HTTP/1.0, and never beside a Content-Length. */
static bool framing_valid(const struct head *head)
{
    if (head->hosts > 1 || (head->version_11 && head->hosts == 0))
        return false;
    if (head->content_lengths + head->transfer_encodings > 1)
        return false;
    return head->version_11 || head->transfer_encodings == 0;
}

static bool head_valid(struct str raw)
{
    struct head head = {0};
    struct str line;
    if (str_starts(raw, STR("\r\n"))) /* RFC 9112 section 2.2: one is to be ignored */
        raw = str_slice(raw, 2, raw.len);
    if (!next_line(&raw, &line) || !request_line_valid(line, &head))
        return false;
    while (raw.len > 0) {
        if (!next_line(&raw, &line))
            return false;
        if (line.len == 0)
            break;
        if (!header_line_valid(line, &head))
            return false;
    }
    return framing_valid(&head);
}

size_t http_head_length(struct str raw)
{
    for (size_t at = str_find(raw, '\n'); at < raw.len;) {
        struct str after = str_slice(raw, at + 1, raw.len);
        if (at > 1 && str_starts(after, STR("\r\n")))
            return at + 3;
        at += 1 + str_find(after, '\n');
    }
    return raw.len;
}

enum err http_check_head(struct str raw)
{
    struct str head = str_slice(raw, 0, http_head_length(raw));
    if (head.len > HEAD_MAX)
        return ERR_request_header_fields_too_large;
    return head_valid(head) ? ERR_OK : ERR_bad_request;
}
