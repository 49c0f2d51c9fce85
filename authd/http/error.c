/* SPDX-License-Identifier: Apache-2.0
 *
 * Error replies. Everything that says what went wrong is a row of errors.def; the only text made
 * here is in the request's own arena, so that no two requests can see each other's (the class of
 * Ory's shared error objects).
 */
#include "base/json.h"
#include "http/reply.h"

static void write_problems(struct json_writer *w, const struct problems *problems)
{
    if (problems->n == 0)
        return;
    json_member(w, "errors");
    json_array_start(w);
    for (size_t i = 0; i < problems->n; i++) {
        const struct problem *p = &problems->list[i];
        json_object_start(w);
        json_member(w, "field");
        json_str_value(w, p->field);
        json_member(w, "code");
        json_str_value(w, str_of(p->code));
        json_member(w, "message");
        json_str_value(w, p->message);
        json_object_end(w);
    }
    json_array_end(w);
}

static struct str error_body(struct http_exchange *x, const struct err_row *row)
{
    struct buf b;
    struct json_writer w;
    buf_init(&b, x->arena, 256);
    json_start(&w, &b);
    json_object_start(&w);
    json_member(&w, "error");
    json_object_start(&w);
    json_member(&w, "code");
    json_str_value(&w, str_of(row->code));
    json_member(&w, "message");
    json_str_value(&w, str_of(row->text));
    json_member(&w, "status");
    json_int_value(&w, row->status);
    json_member(&w, "request_id");
    json_str_value(&w, (struct str){x->request_id, ID_LEN});
    if (row->status == 422)
        write_problems(&w, &x->call.problems);
    json_object_end(&w);
    json_object_end(&w);
    return buf_view(&b);
}

/* RFC 9110 section 11.6.1 wants a challenge with every 401, RFC 6750 section 3.1 its error code
 * when a token was sent. */
static struct str challenge(enum err e)
{
    static const enum err of_tokens[] = {ERR_invalid_token, ERR_token_expired, ERR_session_revoked};
    for (size_t i = 0; i < sizeof(of_tokens) / sizeof(of_tokens[0]); i++) {
        if (e == of_tokens[i])
            return STR("Bearer realm=\"authd\", error=\"invalid_token\"");
    }
    return STR("Bearer realm=\"authd\"");
}

static void set_wait_headers(struct http_exchange *x, enum err e)
{
    int64_t wait = x->call.retry_after_s > 0 ? x->call.retry_after_s : err_rows[e].retry_after;
    if (wait <= 0)
        return;
    reply_set_int(x, STR("retry-after"), wait);
    if (e != ERR_rate_limited || x->rate_limit <= 0)
        return;
    reply_set_int(x, STR("ratelimit-limit"), x->rate_limit);
    http_set_header(&x->reply, STR("ratelimit-remaining"), STR("0"));
    reply_set_int(x, STR("ratelimit-reset"), wait);
}

void reply_error(struct http_exchange *x, enum err e, struct str allow)
{
    const struct err_row *row = &err_rows[e];
    x->error = e;
    reply_start(x, row->status);
    if (row->status == 401)
        http_set_header(&x->reply, STR("www-authenticate"), challenge(e));
    if (row->status == 429 || row->status == 503)
        set_wait_headers(x, e);
    if (allow.ptr)
        http_set_header(&x->reply, STR("allow"), allow);
    reply_set_json(x, error_body(x, row));
}
