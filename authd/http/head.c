/* SPDX-License-Identifier: Apache-2.0
 *
 * The head of a request as it came over the wire. The server library is lenient where a proxy in
 * front may be lenient in another way (it takes the first of two Content-Lengths, the last of two
 * Hosts, chunked beside Content-Length, lines that end in a bare LF, folded lines): that is how
 * requests are smuggled. So the raw bytes are read again here, and what has two readings is
 * refused. RFC 9112 sections 2.2, 3, 5 and 6; RFC 9110 section 7.2.
 */
#include "http/http.h"

enum { HEAD_MAX = 16 * 1024, CONTENT_LENGTH_DIGITS_MAX = 15 };

/* What was seen so far. */
struct head {
    bool version_11;
    unsigned hosts;
    unsigned content_lengths;
    unsigned transfer_encodings;
};

/* RFC 9110 section 5.6.2. */
static bool is_token_char(char c)
{
    static const char marks[] = "!#$%&'*+-.^_`|~";
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
        return true;
    return c && memchr(marks, c, sizeof(marks) - 1) != NULL;
}

static bool is_token(struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (!is_token_char(s.ptr[i]))
            return false;
    }
    return s.len > 0;
}

static bool is_digits(struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9')
            return false;
    }
    return s.len > 0;
}

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
    return is_token(method) && target_valid(target) &&
           (head->version_11 || str_eq(version, STR("HTTP/1.0")));
}

/* No control characters but the tab. Bytes above 0x7F are obs-text: opaque, never interpreted. */
static bool value_valid(struct str value)
{
    for (size_t i = 0; i < value.len; i++) {
        unsigned char c = (unsigned char)value.ptr[i];
        if ((c < ' ' && c != '\t') || c == 0x7F)
            return false;
    }
    return true;
}

/* Name or address with an optional port; nothing that ends an authority or joins two. */
static bool host_valid(struct str value)
{
    static const char marks[] = "-._~%:[]!$&'()*+;=";
    for (size_t i = 0; i < value.len; i++) {
        char c = value.ptr[i];
        bool alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!alnum && (!c || !memchr(marks, c, sizeof(marks) - 1)))
            return false;
    }
    return value.len > 0;
}

static bool header_valid(struct str name, struct str value, struct head *head)
{
    if (str_ieq(name, STR("host"))) {
        head->hosts++;
        return host_valid(value);
    }
    if (str_ieq(name, STR("content-length"))) {
        head->content_lengths++;
        return is_digits(value) && value.len <= CONTENT_LENGTH_DIGITS_MAX;
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
    return colon < line.len && is_token(name) && value_valid(value) &&
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

/* Bytes up to and including the blank line, as the server library sees it: LF CRLF or LF LF. */
static size_t head_length(struct str raw)
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
    struct str head = str_slice(raw, 0, head_length(raw));
    if (head.len > HEAD_MAX)
        return ERR_request_header_fields_too_large;
    return head_valid(head) ? ERR_OK : ERR_bad_request;
}
