/* SPDX-License-Identifier: Apache-2.0
 *
 * Replies that were made beforehand: JWKS, discovery, the OpenAPI document. They are public, the
 * same for everybody, and cacheable; nothing is formatted on the request's way.
 */
#include "base/arena.h"
#include "http/reply.h"

/* The next element of a comma-separated list of ETags; a comma inside quotes does not count. */
static bool next_etag(struct str *rest, struct str *etag)
{
    if (!rest->ptr)
        return false;
    size_t at = 0;
    bool quoted = false;
    for (; at < rest->len && (quoted || rest->ptr[at] != ','); at++)
        quoted ^= rest->ptr[at] == '"';
    *etag = str_trim(str_slice(*rest, 0, at));
    *rest = at < rest->len ? str_slice(*rest, at + 1, rest->len) : STR_NONE;
    return true;
}

bool etag_listed(struct str if_none_match, struct str etag)
{
    struct str rest = if_none_match;
    struct str one;
    if (str_eq(if_none_match, STR("*")))
        return true;
    while (next_etag(&rest, &one)) {
        if (str_starts(one, STR("W/")))
            one = str_slice(one, 2, one.len);
        if (str_eq(one, etag))
            return true;
    }
    return false;
}

/* "public, max-age=300": almost always the one in the constant. */
static struct str cache_control(struct arena *a, int max_age_s)
{
    if (max_age_s == 300)
        return STR("public, max-age=300");
    struct buf b;
    buf_init(&b, a, 40);
    buf_lit(&b, "public, max-age=");
    buf_int(&b, max_age_s);
    return buf_view(&b);
}

void reply_prebuilt(struct http_exchange *x, const struct prebuilt_reply *prebuilt)
{
    struct http_reply *r = &x->reply;
    struct str wanted = x->request.if_none_match;
    bool unchanged = wanted.ptr && prebuilt->etag.ptr && etag_listed(wanted, prebuilt->etag);
    reply_start(x, unchanged ? 304 : 200);
    http_set_header(r, STR("cache-control"), cache_control(x->arena, prebuilt->max_age_s));
    if (prebuilt->etag.ptr)
        http_set_header(r, STR("etag"), prebuilt->etag);
    if (unchanged)
        return;
    http_set_header(r, STR("content-type"), prebuilt->content_type);
    r->body = prebuilt->body;
}
