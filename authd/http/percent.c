/* SPDX-License-Identifier: Apache-2.0
 *
 * Escapes in request targets. A piece is decoded exactly once and after it was cut out, so that no
 * escape can move the place where pieces are cut; what it must not contain afterwards is checked on
 * the decoded bytes.
 */
#include "http/percent.h"

#include "base/arena.h"

enum { IN_PATH_CHAR = 1, IN_QUERY_CHAR = 2, UNRESERVED = 4 };

/* What may stand unescaped: RFC 3986 pchar in a path; in a query every visible character but '#',
 * because browsers leave more of them alone there. */
static uint8_t class_of(unsigned char c)
{
    static const char pchar_marks[] = "-._~!$&'()*+,;=:@";
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
        return IN_PATH_CHAR | IN_QUERY_CHAR | UNRESERVED;
    if (c <= ' ' || c >= 0x7F || c == '#')
        return 0;
    const char *mark = memchr(pchar_marks, c, sizeof(pchar_marks) - 1);
    if (!mark)
        return IN_QUERY_CHAR;
    return mark - pchar_marks < 4 ? IN_PATH_CHAR | IN_QUERY_CHAR | UNRESERVED
                                  : IN_PATH_CHAR | IN_QUERY_CHAR;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* The byte that the escape at raw.ptr[at] stands for, or -1. */
static int escaped_byte(struct str raw, size_t at)
{
    if (raw.len - at < 3)
        return -1;
    int high = hex_digit(raw.ptr[at + 1]);
    int low = hex_digit(raw.ptr[at + 2]);
    return high < 0 || low < 0 ? -1 : high << 4 | low;
}

static bool plain(struct str raw, enum percent_form form)
{
    uint8_t wanted = form == PERCENT_PATH ? IN_PATH_CHAR : IN_QUERY_CHAR;
    for (size_t i = 0; i < raw.len; i++) {
        char c = raw.ptr[i];
        if (!(class_of((unsigned char)c) & wanted) || c == '%' ||
            (c == '+' && form == PERCENT_QUERY))
            return false;
    }
    return true;
}

/* Decodes raw.ptr[*at], moves on behind it; -1 when it may not stand there. */
static int next_byte(struct str raw, size_t *at, enum percent_form form)
{
    uint8_t wanted = form == PERCENT_PATH ? IN_PATH_CHAR : IN_QUERY_CHAR;
    char c = raw.ptr[*at];
    if (c == '%') {
        int byte = escaped_byte(raw, *at);
        *at += 3;
        if (form == PERCENT_PATH)
            return byte < ' ' || byte == '/' || byte == 0x7F ? -1 : byte;
        return byte == 0 ? -1 : byte;
    }
    *at += 1;
    if (c == '+' && form == PERCENT_QUERY)
        return ' ';
    return class_of((unsigned char)c) & wanted ? (unsigned char)c : -1;
}

bool percent_decode(struct arena *a, struct str raw, enum percent_form form, struct str *out)
{
    *out = raw;
    if (plain(raw, form))
        return true;
    char *bytes = arena_alloc(a, raw.len);
    size_t n = 0;
    for (size_t at = 0; at < raw.len;) {
        int byte = next_byte(raw, &at, form);
        if (byte < 0)
            return false;
        bytes[n++] = (char)byte;
    }
    *out = (struct str){bytes, n};
    return utf8_valid(*out);
}

void percent_encode(struct buf *b, struct str s)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if (class_of(c) & UNRESERVED) {
            buf_char(b, (char)c);
            continue;
        }
        buf_char(b, '%');
        buf_char(b, digits[c >> 4]);
        buf_char(b, digits[c & 15]);
    }
}
