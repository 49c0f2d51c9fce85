/* SPDX-License-Identifier: Apache-2.0
 *
 * One line per request, put together by hand because it is on every request's way. Everything in it
 * is ours: ids, route patterns, codes, numbers and a formatted address, never the raw path or
 * query; and a byte outside a small alphabet becomes '?', so that no input can forge a line.
 */
#include "base/chars.h"
#include "base/clock.h"
#include "server/server.h"

enum { LINE_MAX_BYTES = 1024 };

/* A key as both formats want it: `,"status":` and ` status=`. */
struct key {
    struct str json;
    struct str text;
};
#define KEY(name) ((struct key){STR(",\"" name "\":"), STR(" " name "=")})

struct line {
    char *at;
    bool json;
    char bytes[LINE_MAX_BYTES];
};

static const struct char_set safe = {{CHARS_ALNUM, ['-'] = true, ['.'] = true, ['/'] = true,
                                      [':'] = true, ['_'] = true, ['{'] = true, ['}'] = true}};

static size_t room(const struct line *l)
{
    return (size_t)(l->bytes + sizeof(l->bytes) - l->at);
}

static void add(struct line *l, struct str s)
{
    size_t n = s.len < room(l) ? s.len : room(l);
    memcpy(l->at, s.ptr, n);
    l->at += n;
}

static void add_safe(struct line *l, struct str s)
{
    size_t n = s.len < room(l) ? s.len : room(l);
    for (size_t i = 0; i < n; i++)
        *l->at++ = char_in(&safe, s.ptr[i]) ? s.ptr[i] : '?';
}

static void add_number(struct line *l, uint64_t n)
{
    char digits[20];
    size_t i = sizeof(digits);
    do
        digits[--i] = (char)('0' + n % 10);
    while (n /= 10);
    add(l, (struct str){digits + i, sizeof(digits) - i});
}

static void add_key(struct line *l, struct key key)
{
    add(l, l->json ? key.json : key.text);
}

static void add_text(struct line *l, struct key key, struct str value)
{
    if (value.len == 0 || room(l) < key.json.len + value.len + 8)
        return;
    add_key(l, key);
    if (l->json)
        add(l, STR("\""));
    add_safe(l, value);
    if (l->json)
        add(l, STR("\""));
}

static void add_count(struct line *l, struct key key, uint64_t value)
{
    add_key(l, key);
    add_number(l, value);
}

/* now: wall time of the loop's turn, which h2o has asked for already. */
static void add_time(struct line *l, struct time_cache *cache, int64_t now)
{
    if (cache->second != now / 1000) {
        cache->second = now / 1000;
        time_format(now, cache->text);
    }
    char *ms = cache->text + TIME_TEXT_LEN - 4; /* 123Z */
    ms[0] = (char)('0' + now / 100 % 10);
    ms[1] = (char)('0' + now / 10 % 10);
    ms[2] = (char)('0' + now % 10);
    add(l, (struct str){cache->text, TIME_TEXT_LEN});
}

static const struct str methods[] = {
    STR_INIT("-"),   STR_INIT("GET"),    STR_INIT("POST"), STR_INIT("PATCH"),
    STR_INIT("PUT"), STR_INIT("DELETE"), STR_INIT("HEAD"), STR_INIT("OPTIONS"),
};

static struct str route_of(const struct request *r)
{
    return r->x.route ? str_of(r->x.route->path) : STR_NONE;
}

static struct str address_of(const struct connection *c, const struct request *r)
{
    if (r->x.call.address.len)
        return r->x.call.address;
    return str_of(c->peer_text);
}

static void add_who(struct line *l, const struct call *c)
{
    if (c->tenant)
        add_text(l, KEY("tenant"), id_str(&c->tenant->id));
    if (c->client)
        add_text(l, KEY("client"), id_str(&c->client->id));
    if (c->session)
        add_text(l, KEY("user"), id_str(&c->session->user_id));
    if (c->operator)
        add_text(l, KEY("operator"), id_str(&c->operator->operator_id));
}

void access_log_write(const struct connection *c, const struct request *r, int status, size_t bytes,
                      int64_t us)
{
    struct server_loop *loop = c->acceptor->loop;
    struct line l;
    l.at = l.bytes;
    l.json = loop->server->log_json;
    add(&l, l.json ? STR("{\"time\":\"") : STR(""));
    add_time(&l, &loop->time_cache, (int64_t)h2o_now(loop->loop.ev));
    add(&l, l.json ? STR("\",\"level\":\"info\",\"event\":\"request\"") : STR(" info request"));
    add_text(&l, KEY("request_id"), str_of(r->x.request_id));
    add_text(&l, KEY("method"), methods[r->x.request.method]);
    add_text(&l, KEY("route"), route_of(r));
    add_count(&l, KEY("status"), (uint64_t)status);
    add_count(&l, KEY("bytes"), bytes);
    add_count(&l, KEY("us"), (uint64_t)us);
    add_text(&l, KEY("address"), address_of(c, r));
    add_who(&l, &r->x.call);
    if (r->x.error != ERR_OK)
        add_text(&l, KEY("error"), str_of(err_rows[r->x.error].code));
    add(&l, l.json ? STR("}\n") : STR("\n"));
    h2o_loop_log_line(&loop->loop, (struct str){l.bytes, (size_t)(l.at - l.bytes)});
}
