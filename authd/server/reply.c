/* SPDX-License-Identifier: Apache-2.0
 *
 * Our reply into h2o. The body is not copied: it lives in the request's arena or in the tenant's
 * snapshot, and both are kept until h2o has written it. Header values were checked where they were
 * set (http_set_header); h2o itself checks nothing.
 */
#include "server/server.h"

static const char *reason_of(int status)
{
    static const struct {
        int status;
        const char *reason;
    } reasons[] = {
        {200, "OK"},
        {201, "Created"},
        {204, "No Content"},
        {304, "Not Modified"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {409, "Conflict"},
        {412, "Precondition Failed"},
        {413, "Content Too Large"},
        {415, "Unsupported Media Type"},
        {422, "Unprocessable Content"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {503, "Service Unavailable"},
    };
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
        if (reasons[i].status == status)
            return reasons[i].reason;
    return "Status";
}

static bool has_length(int status)
{
    return status != 204 && status != 304;
}

static void add_header(h2o_req_t *req, struct str name, struct str value)
{
    h2o_add_header_by_str(&req->pool, &req->res.headers, name.ptr, name.len, 1, NULL, value.ptr,
                          value.len);
}

void reply_send(struct request *r)
{
    const struct http_reply *reply = &r->x.reply;
    h2o_req_t *req = r->h2o;
    h2o_iovec_t body = h2o_iovec_init(reply->body.ptr, reply->body.len);
    bool with_body =
        body.len > 0 && r->x.request.method != METHOD_HEAD && has_length(reply->status);
    req->res.status = reply->status;
    req->res.reason = reason_of(reply->status);
    req->res.content_length = has_length(reply->status) ? body.len : SIZE_MAX;
    for (size_t i = 0; i < reply->header_count; i++)
        add_header(req, reply->headers[i].name, reply->headers[i].value);
    if (reply->close)
        req->http1_is_persistent = 0;
    r->generator = (h2o_generator_t){NULL, NULL};
    h2o_start_response(req, &r->generator);
    h2o_send(req, &body, with_body, H2O_SEND_STATE_FINAL);
}

void reply_send_text(h2o_req_t *req, int status, struct str content_type, struct str body)
{
    req->res.status = status;
    req->res.reason = reason_of(status);
    req->res.content_length = body.len;
    add_header(req, STR("content-type"), content_type);
    add_header(req, STR("cache-control"), STR("no-store"));
    h2o_send_inline(req, body.ptr, body.len);
}
