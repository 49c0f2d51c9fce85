/* SPDX-License-Identifier: Apache-2.0
 *
 * The control plane's audit log.
 */
#include "flow/audit.h"

/* Everything that narrows the list, so that a cursor goes on with the same filter only. Neither
 * slugs, ids nor event names contain a blank. */
static struct str filter_text(struct arena *a, const struct audit_filter *f)
{
    struct buf b;
    buf_init(&b, a, 128);
    buf_printf(&b, "%.*s %.*s %lld %lld", STR_FMT(f->tenant), STR_FMT(f->event),
               (long long)f->since, (long long)f->until);
    return buf_view(&b);
}

enum err audit_list_flow(struct call *c)
{
    const struct audit_list_in *in = c->in;
    struct page_frame frame = {page_control_key(), STR("audit"),
                               filter_text(c->arena, &in->filter)};
    struct page_query query;
    struct audit_record *items;
    size_t n;
    enum err e = page_open(c, &in->page, &frame, &query);
    if (e != ERR_OK ||
        (e = control_audit_list(c->arena, &in->filter, &query, &items, &n)) != ERR_OK)
        return e;
    page_close(c, &frame, &query, items, n, sizeof(*items), c->out);
    return ERR_OK;
}
