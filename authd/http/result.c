/* SPDX-License-Identifier: Apache-2.0
 *
 * Replies of flows that succeeded: the output struct as JSON, the ETag of a config resource, and
 * the link to a list's next page.
 */
#include "http/percent.h"
#include "http/reply.h"

static const struct field *output_row(const struct fields *out, const char *name)
{
    for (size_t i = 0; out && i < out->n; i++) {
        if (out->rows[i].type == FIELD_TEXT && strcmp(out->rows[i].name, name) == 0)
            return &out->rows[i];
    }
    return NULL;
}

/* The request's own query, with the cursor replaced. */
static void add_query(struct buf *b, const struct field_values *query, struct str cursor)
{
    for (size_t i = 0; i < query->n; i++) {
        if (str_eq(query->names[i], STR("cursor")))
            continue;
        percent_encode(b, query->names[i]);
        buf_char(b, '=');
        percent_encode(b, query->values[i]);
        buf_char(b, '&');
    }
    buf_lit(b, "cursor=");
    percent_encode(b, cursor);
}

void reply_link_next(struct http_exchange *x)
{
    const struct field *row = output_row(x->route->out, "next_cursor");
    if (!row)
        return;
    struct str cursor;
    memcpy(&cursor, (const char *)x->call.out + row->offset, sizeof(cursor));
    if (cursor.len == 0)
        return;
    struct buf b;
    buf_init(&b, x->arena, 256);
    buf_char(&b, '<');
    buf_str(&b, http_site.public_url);
    buf_str(&b, x->path);
    buf_char(&b, '?');
    add_query(&b, &x->query_values, cursor);
    buf_lit(&b, ">; rel=\"next\"");
    http_set_header(&x->reply, STR("link"), buf_view(&b));
}

static struct str encode_output(struct http_exchange *x)
{
    struct buf b;
    struct json_writer w;
    buf_init(&b, x->arena, 1024);
    json_start(&w, &b);
    json_object_start(&w);
    fields_encode(&w, x->route->out, x->call.out);
    json_object_end(&w);
    return buf_view(&b);
}

static void set_etag(struct http_exchange *x)
{
    if (!x->call.etag.ptr)
        return;
    struct buf b;
    buf_init(&b, x->arena, x->call.etag.len + 2);
    buf_char(&b, '"');
    buf_str(&b, x->call.etag);
    buf_char(&b, '"');
    http_set_header(&x->reply, STR("etag"), buf_view(&b));
}

void reply_result(struct http_exchange *x)
{
    reply_start(x, x->route->status);
    set_etag(x);
    if (!x->route->out) {
        http_set_header(&x->reply, STR("cache-control"), STR("no-store"));
        return;
    }
    reply_link_next(x);
    reply_set_json(x, encode_output(x));
}
