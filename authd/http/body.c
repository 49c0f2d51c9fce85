/* SPDX-License-Identifier: Apache-2.0
 *
 * The form of a body before it is read: size, media type, and whether one belongs there. The media
 * type is also the guard against cross-site form posts, which cannot send application/json without
 * a preflight.
 */
#include "http/guard.h"

bool route_takes_body(const struct route *route)
{
    for (size_t i = 0; route->in && i < route->in->n; i++) {
        if (route->in->rows[i].place == IN_BODY)
            return true;
    }
    return false;
}

bool route_requires_body(const struct route *route)
{
    for (size_t i = 0; route->in && i < route->in->n; i++) {
        const struct field *row = &route->in->rows[i];
        if (row->place == IN_BODY && (row->flags & FIELD_REQUIRED))
            return true;
    }
    return false;
}

/* Nothing but charset=utf-8 may follow: JSON is UTF-8 (RFC 8259 section 8.1). */
static bool is_json(struct str content_type)
{
    struct str rest = content_type;
    struct str piece;
    if (!str_split(&rest, ';', &piece) || !str_ieq(str_trim(piece), STR("application/json")))
        return false;
    while (str_split(&rest, ';', &piece)) {
        struct str parameter = str_trim(piece);
        if (!str_ieq(parameter, STR("charset=utf-8")) &&
            !str_ieq(parameter, STR("charset=\"utf-8\"")))
            return false;
    }
    return true;
}

enum err guard_body(const struct http_request *request, const struct route *route)
{
    if (request->body.len > HTTP_BODY_MAX)
        return ERR_body_too_large;
    bool sent = request->has_body || request->body.len > 0;
    if (sent && route->method == METHOD_GET)
        return ERR_bad_request;
    if (!sent && !route_requires_body(route))
        return ERR_OK;
    return is_json(request->content_type) ? ERR_OK : ERR_unsupported_media_type;
}
