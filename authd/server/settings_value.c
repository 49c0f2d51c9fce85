/* SPDX-License-Identifier: Apache-2.0
 *
 * One setting's text into its member and back, a function pair for each type. Unset, zero and
 * garbage are three different things: garbage never becomes zero.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "server/settings.h"

struct value {
    struct arena *arena;
    const struct setting_row *row;
    const struct setting_entry *entry;
    void *member;
    struct complaints *complaints;
};

__attribute__((format(printf, 2, 3))) static bool refuse(const struct value *v, const char *fmt,
                                                         ...)
{
    char message[320];
    va_list args;
    va_start(args, fmt);
    vsnprintf(message, sizeof(message), fmt, args);
    va_end(args);
    complain(v->complaints, v->entry->where, v->row->name, "%s", message);
    return false;
}

static bool is_text(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.ptr[i] < ' ' || s.ptr[i] == 0x7f)
            return false;
    return utf8_valid(s);
}

static bool parse_text(const struct value *v, struct str s)
{
    if ((int64_t)s.len < v->row->min || (int64_t)s.len > v->row->max)
        return refuse(v, "must have %lld to %lld bytes", (long long)v->row->min,
                      (long long)v->row->max);
    if (!is_text(s))
        return refuse(v, "must be UTF-8 text without control characters");
    *(const char **)v->member = str_z(v->arena, s);
    return true;
}

/* Where systemd puts credentials; any other variable in a path is a mistake. */
static bool parse_path(const struct value *v, struct str s)
{
    const struct str variable = STR("${CREDENTIALS_DIRECTORY}");
    struct buf b;
    buf_init(&b, v->arena, s.len + 64);
    if (!is_text(s))
        return refuse(v, "must be UTF-8 text without control characters");
    if (str_starts(s, variable)) {
        const char *directory = getenv("CREDENTIALS_DIRECTORY");
        if (!directory)
            return refuse(v, "CREDENTIALS_DIRECTORY is not set; use it with systemd's "
                             "LoadCredential only");
        buf_str(&b, str_of(directory));
        s = str_slice(s, variable.len, s.len);
    }
    buf_str(&b, s);
    *(const char **)v->member = str_z(v->arena, buf_view(&b));
    return true;
}

static bool parse_number(const struct value *v, struct str s)
{
    if (!str_to_int(s, v->row->min, v->row->max, v->member))
        return refuse(v, "must be a whole number from %lld to %lld", (long long)v->row->min,
                      (long long)v->row->max);
    return true;
}

static bool parse_seconds(const struct value *v, struct str s)
{
    char low[DURATION_TEXT_LEN];
    char high[DURATION_TEXT_LEN];
    int64_t seconds;
    if (duration_parse(s, &seconds) && seconds >= v->row->min && seconds <= v->row->max) {
        *(int64_t *)v->member = seconds;
        return true;
    }
    duration_format(v->row->min, low);
    duration_format(v->row->max, high);
    return refuse(v, "must be a duration from %s to %s, written 30s, 15m, 8h or 30d", low, high);
}

static bool parse_flag(const struct value *v, struct str s)
{
    bool yes = str_ieq(s, STR("true"));
    if (!yes && !str_ieq(s, STR("false")))
        return refuse(v, "must be true or false");
    *(bool *)v->member = yes;
    return true;
}

static bool parse_choice(const struct value *v, struct str s)
{
    struct str rest = str_of(v->row->choices);
    struct str piece;
    for (int64_t i = 0; str_split(&rest, '|', &piece); i++) {
        if (!str_eq(piece, s))
            continue;
        *(int64_t *)v->member = i;
        return true;
    }
    return refuse(v, "must be one of %s", v->row->choices);
}

static bool host_is_plain(struct str host)
{
    for (size_t i = 0; i < host.len; i++)
        if (!isalnum((unsigned char)host.ptr[i]) && !strchr(".-_:%", host.ptr[i]))
            return false;
    return host.len <= 255;
}

static bool parse_address(const struct value *v, struct str s, struct listen_address *out)
{
    struct str host = str_slice(s, 0, s.len);
    struct str port = STR_NONE;
    int64_t number;
    for (size_t i = s.len; i > 0 && !port.ptr; i--)
        if (s.ptr[i - 1] == ':') {
            host = str_slice(s, 0, i - 1);
            port = str_slice(s, i, s.len);
        }
    bool bracketed = host.len > 2 && host.ptr[0] == '[' && host.ptr[host.len - 1] == ']';
    if (bracketed)
        host = str_slice(host, 1, host.len - 1);
    if (!port.ptr || !str_to_int(port, 0, 65535, &number) ||
        (!bracketed && str_find(host, ':') < host.len) || !host_is_plain(host))
        return refuse(v, "must be host:port or [IPv6]:port, several separated by commas");
    out->host = str_z(v->arena, host);
    out->port = str_z(v->arena, port);
    return true;
}

static bool parse_network(const struct value *v, struct str s, struct http_network *out)
{
    char text[INET6_ADDRSTRLEN];
    struct str address = str_slice(s, 0, str_find(s, '/'));
    bool v4 = str_find(address, ':') == address.len;
    int64_t prefix = v4 ? 32 : 128;
    uint8_t bytes[16] = {0};
    bool ok = address.len < sizeof(text);
    if (ok) {
        memcpy(text, address.ptr, address.len);
        text[address.len] = '\0';
        ok = inet_pton(v4 ? AF_INET : AF_INET6, text, bytes) == 1;
    }
    if (ok && address.len < s.len)
        ok = str_to_int(str_slice(s, address.len + 1, s.len), 0, prefix, &prefix);
    if (!ok)
        return refuse(v, "must be networks such as 10.0.0.0/8 or fd00::/8");
    out->address = (struct http_address){{[10] = 0xff, [11] = 0xff}};
    if (v4)
        memcpy(out->address.bytes + 12, bytes, 4);
    else
        memcpy(out->address.bytes, bytes, 16);
    out->prefix = (unsigned)prefix + (v4 ? 96 : 0);
    return true;
}

static size_t count_pieces(struct str s)
{
    size_t n = s.len > 0;
    for (size_t i = 0; i < s.len; i++)
        n += s.ptr[i] == ',';
    return n;
}

static bool parse_addresses(const struct value *v, struct str s)
{
    struct listen_list *list = v->member;
    size_t n = count_pieces(s);
    struct str piece;
    if ((int64_t)n > v->row->max)
        return refuse(v, "takes at most %lld addresses", (long long)v->row->max);
    list->items = arena_new_array(v->arena, n, struct listen_address);
    for (list->n = 0; list->n < n && str_split(&s, ',', &piece); list->n++)
        if (!parse_address(v, str_trim(piece), &list->items[list->n]))
            return false;
    return true;
}

static bool parse_networks(const struct value *v, struct str s)
{
    struct network_list *list = v->member;
    size_t n = count_pieces(s);
    struct str piece;
    if ((int64_t)n > v->row->max)
        return refuse(v, "takes at most %lld networks", (long long)v->row->max);
    list->items = arena_new_array(v->arena, n, struct http_network);
    for (list->n = 0; list->n < n && str_split(&s, ',', &piece); list->n++)
        if (!parse_network(v, str_trim(piece), &list->items[list->n]))
            return false;
    return true;
}

static void write_text(struct buf *b, const struct setting_row *row, const void *member)
{
    (void)row;
    buf_json(b, str_of(*(const char *const *)member));
}

static void write_number(struct buf *b, const struct setting_row *row, const void *member)
{
    (void)row;
    buf_int(b, *(const int64_t *)member);
}

static void write_seconds(struct buf *b, const struct setting_row *row, const void *member)
{
    char text[DURATION_TEXT_LEN];
    (void)row;
    duration_format(*(const int64_t *)member, text);
    buf_str(b, str_of(text));
}

static void write_flag(struct buf *b, const struct setting_row *row, const void *member)
{
    (void)row;
    buf_str(b, *(const bool *)member ? STR("true") : STR("false"));
}

static void write_choice(struct buf *b, const struct setting_row *row, const void *member)
{
    struct str rest = str_of(row->choices);
    struct str piece;
    for (int64_t i = *(const int64_t *)member; str_split(&rest, '|', &piece) && i > 0; i--)
        continue;
    buf_json(b, piece);
}

static void write_addresses(struct buf *b, const struct setting_row *row, const void *member)
{
    const struct listen_list *list = member;
    (void)row;
    buf_char(b, '[');
    for (size_t i = 0; i < list->n; i++) {
        bool v6 = strchr(list->items[i].host, ':') != NULL;
        buf_printf(b, v6 ? "%s\"[%s]:%s\"" : "%s\"%s:%s\"", i ? ", " : "", list->items[i].host,
                   list->items[i].port);
    }
    buf_char(b, ']');
}

static void write_networks(struct buf *b, const struct setting_row *row, const void *member)
{
    const struct network_list *list = member;
    char text[INET6_ADDRSTRLEN];
    (void)row;
    buf_char(b, '[');
    for (size_t i = 0; i < list->n; i++) {
        const struct http_network *n = &list->items[i];
        bool v4 = n->prefix >= 96 && IN6_IS_ADDR_V4MAPPED((const struct in6_addr *)&n->address);
        inet_ntop(v4 ? AF_INET : AF_INET6, n->address.bytes + (v4 ? 12 : 0), text, sizeof(text));
        buf_printf(b, "%s\"%s/%u\"", i ? ", " : "", text, n->prefix - (v4 ? 96 : 0));
    }
    buf_char(b, ']');
}

static const struct {
    bool (*parse)(const struct value *v, struct str text);
    void (*write)(struct buf *b, const struct setting_row *row, const void *member);
    bool list;
} types[] = {
    [SETTING_text] = {parse_text, write_text, false},
    [SETTING_number] = {parse_number, write_number, false},
    [SETTING_seconds] = {parse_seconds, write_seconds, false},
    [SETTING_flag] = {parse_flag, write_flag, false},
    [SETTING_choice] = {parse_choice, write_choice, false},
    [SETTING_addresses] = {parse_addresses, write_addresses, true},
    [SETTING_networks] = {parse_networks, write_networks, true},
    [SETTING_path] = {parse_path, write_text, false},
};

bool setting_set(struct arena *a, const struct setting_row *row, const struct setting_entry *entry,
                 struct settings *out, struct complaints *complaints)
{
    struct value v = {.arena = a,
                      .row = row,
                      .entry = entry,
                      .member = (char *)out + row->offset,
                      .complaints = complaints};
    if (entry->sequence && !types[row->type].list)
        return refuse(&v, "takes one value, not a list");
    return types[row->type].parse(&v, entry->text);
}

static const void *member_of(const struct setting_row *row, const struct settings *s)
{
    return (const char *)s + row->offset;
}

void setting_write(struct buf *b, const struct setting_row *row, const struct settings *s)
{
    bool masked = row->secret && **(const char *const *)member_of(row, s);
    if (masked)
        buf_lit(b, "\"********\"");
    else
        types[row->type].write(b, row, member_of(row, s));
}

bool setting_equal(const struct setting_row *row, const struct settings *a,
                   const struct settings *b)
{
    struct arena *scratch = arena_create(1024);
    struct buf x;
    struct buf y;
    buf_init(&x, scratch, 0);
    buf_init(&y, scratch, 0);
    types[row->type].write(&x, row, member_of(row, a));
    types[row->type].write(&y, row, member_of(row, b));
    bool equal = str_eq(buf_view(&x), buf_view(&y));
    arena_destroy(scratch);
    return equal;
}
