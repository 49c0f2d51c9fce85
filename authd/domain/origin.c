/* SPDX-License-Identifier: Apache-2.0
 *
 * Browser origins. What an operator types is brought to the one spelling that browsers send (WHATWG
 * URL, ASCII serialisation of an origin), once; a request's header is then compared byte by byte
 * and never interpreted, so that no spelling trick of a header can match.
 */
#include <arpa/inet.h>
#include <stdio.h>

#include "domain/tenant.h"

enum { HOST_MAX = 253, LABEL_MAX = 63, ORIGIN_MAX = 8 + HOST_MAX + 6 + 1 };

struct origin {
    char text[ORIGIN_MAX];
    size_t len;
};

static const struct scheme {
    struct str prefix;
    int64_t port;
} schemes[] = {{{"https://", 8}, 443}, {{"http://", 7}, 80}};

static void append(struct origin *o, struct str s)
{
    for (size_t i = 0; i < s.len && o->len < sizeof(o->text); i++) {
        char c = s.ptr[i];
        o->text[o->len++] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
}

static const struct scheme *take_scheme(struct str *rest)
{
    for (size_t i = 0; i < sizeof(schemes) / sizeof(*schemes); i++) {
        size_t n = schemes[i].prefix.len;
        if (rest->len > n && str_ieq(str_slice(*rest, 0, n), schemes[i].prefix)) {
            *rest = str_slice(*rest, n, rest->len);
            return &schemes[i];
        }
    }
    return NULL;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_host_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '-' || c == '_';
}

static bool label_valid(struct str label)
{
    if (label.len == 0 || label.len > LABEL_MAX || label.ptr[0] == '-' ||
        label.ptr[label.len - 1] == '-')
        return false;
    for (size_t i = 0; i < label.len; i++) {
        if (!is_host_char(label.ptr[i]))
            return false;
    }
    return true;
}

/* Browsers read a host whose last label is a number, 0x form included, as an IPv4 address. */
static bool label_is_number(struct str label)
{
    bool hex = label.len >= 2 && label.ptr[0] == '0' && (label.ptr[1] | 0x20) == 'x';
    for (size_t i = hex ? 2 : 0; i < label.len; i++) {
        char c = (char)(label.ptr[i] | 0x20);
        if (!is_digit(label.ptr[i]) && !(hex && c >= 'a' && c <= 'f'))
            return false;
    }
    return true;
}

static bool ipv4_valid(struct str host)
{
    char text[INET_ADDRSTRLEN];
    struct in_addr address;
    if (host.len >= sizeof(text))
        return false;
    memcpy(text, host.ptr, host.len);
    text[host.len] = '\0';
    return inet_pton(AF_INET, text, &address) == 1;
}

static bool append_name(struct origin *o, struct str host)
{
    struct str rest = host;
    struct str label = STR_NONE;
    if (host.len == 0 || host.len > HOST_MAX)
        return false;
    while (str_split(&rest, '.', &label)) {
        if (!label_valid(label))
            return false;
    }
    if (label_is_number(label) && !ipv4_valid(host))
        return false;
    append(o, host);
    return true;
}

/* The first longest run of two or more zero groups: [*start, *start + result). */
static int zero_run(const unsigned groups[8], int *start)
{
    int best = 0;
    for (int i = 0; i < 8; i++) {
        int n = 0;
        while (i + n < 8 && groups[i + n] == 0)
            n++;
        if (n > best) {
            best = n;
            *start = i;
        }
    }
    return best >= 2 ? best : 0;
}

/* As browsers write it: RFC 5952, but never with a dotted IPv4 part. */
static void append_groups(struct origin *o, const unsigned groups[8])
{
    int start = 0;
    int run = zero_run(groups, &start);
    for (int i = 0; i < 8; i++) {
        char hex[8];
        if (run && i == start) {
            append(o, STR("::"));
            i += run - 1;
            continue;
        }
        bool first = i == 0 || (run && i == start + run);
        int n = snprintf(hex, sizeof(hex), "%s%x", first ? "" : ":", groups[i]);
        append(o, (struct str){hex, (size_t)n});
    }
}

static bool append_ipv6(struct origin *o, struct str host)
{
    char text[INET6_ADDRSTRLEN];
    uint8_t bytes[16];
    unsigned groups[8];
    if (host.len >= sizeof(text) || memchr(host.ptr, 0, host.len))
        return false;
    memcpy(text, host.ptr, host.len);
    text[host.len] = '\0';
    if (inet_pton(AF_INET6, text, bytes) != 1)
        return false;
    for (int i = 0; i < 8; i++)
        groups[i] = ((unsigned)bytes[2 * i] << 8) | bytes[2 * i + 1];
    append(o, STR("["));
    append_groups(o, groups);
    append(o, STR("]"));
    return true;
}

/* What follows the host: nothing, or a colon and a port without leading zeros. */
static bool append_port(struct origin *o, struct str rest, int64_t standard)
{
    int64_t port;
    if (rest.len == 0)
        return true;
    struct str digits = str_slice(rest, 1, rest.len);
    if (rest.ptr[0] != ':' || digits.len == 0 || digits.ptr[0] == '0' ||
        !str_to_int(digits, 1, 65535, &port))
        return false;
    if (port != standard)
        append(o, rest);
    return true;
}

static bool origin_read(struct str text, struct origin *o)
{
    struct str rest = text;
    o->len = 0;
    const struct scheme *scheme = take_scheme(&rest);
    if (!scheme)
        return false;
    append(o, scheme->prefix);
    bool bracket = rest.ptr[0] == '[';
    size_t end = str_find(rest, bracket ? ']' : ':');
    if (bracket && end == rest.len)
        return false;
    struct str host = str_slice(rest, bracket ? 1 : 0, end);
    if (!(bracket ? append_ipv6(o, host) : append_name(o, host)))
        return false;
    return append_port(o, str_slice(rest, bracket ? end + 1 : end, rest.len), scheme->port);
}

bool origin_parse(struct arena *a, struct str text, struct str *out)
{
    struct origin o;
    if (!origin_read(text, &o))
        return false;
    *out = str_copy(a, (struct str){o.text, o.len});
    return true;
}

/* The issuer is a URL of ours: scheme://host[:port] and perhaps a path. */
static bool is_origin_of(struct str issuer, struct str origin)
{
    struct origin o;
    size_t slashes = str_find(issuer, '/') + 2;
    struct str authority = str_slice(issuer, slashes, issuer.len);
    struct str own = str_slice(issuer, 0, slashes + str_find(authority, '/'));
    return origin_read(own, &o) && str_eq(origin, (struct str){o.text, o.len});
}

bool tenant_allows_origin(const struct tenant *t, struct str origin)
{
    const struct str_list *allowed = &t->policy.allowed_origins;
    if (origin.len == 0)
        return false;
    for (size_t i = 0; i < allowed->n; i++) {
        if (str_eq(origin, allowed->items[i]))
            return true;
    }
    return is_origin_of(t->issuer, origin);
}
