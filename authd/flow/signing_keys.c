/* SPDX-License-Identifier: Apache-2.0
 *
 * Signing keys of a tenant, by operators.
 */
#include "flow/signing_keys.h"

#include "flow/operator_call.h"
#include "store/control_tenants.h"

static struct str status_of(const struct signing_key_row *row, int64_t now)
{
    if (row->revoked_at)
        return STR("revoked");
    if (row->signing)
        return STR("signing");
    if (row->signs_at > now)
        return STR("pending");
    return row->leaves_at && row->leaves_at <= now ? STR("retired") : STR("verifying");
}

static struct signing_key_out *with_status(struct call *c, const struct signing_key_row *rows,
                                           size_t n)
{
    struct signing_key_out *out = arena_new_array(c->arena, n, struct signing_key_out);
    for (size_t i = 0; i < n; i++)
        out[i] = (struct signing_key_out){rows[i], status_of(&rows[i], c->now)};
    return out;
}

enum err signing_key_list_flow(struct call *c)
{
    const struct signing_key_list_in *in = c->in;
    struct tenant_record tenant;
    struct page_query query;
    struct signing_key_row *rows;
    size_t n;
    enum err e = control_tenant_get(c->arena, in->tenant, &tenant);
    if (e != ERR_OK)
        return e;
    struct page_frame frame = {page_control_key(), STR("signing_keys"), id_str(&tenant.id)};
    if ((e = page_open(c, &in->page, &frame, &query)) != ERR_OK ||
        (e = control_signing_key_list(c->arena, &tenant.id, &query, c->now, &rows, &n)) != ERR_OK)
        return e;
    struct signing_key_out *items = with_status(c, rows, n);
    page_close(c, &frame, &query, items, n, sizeof(*items), c->out);
    return ERR_OK;
}

enum err signing_key_rotate_flow(struct call *c)
{
    const struct signing_key_rotate_in *in = c->in;
    struct signing_key_out *out = c->out;
    struct tenant_record tenant;
    enum err e = control_tenant_get(c->arena, in->tenant, &tenant);
    if (e != ERR_OK)
        return e;
    struct control_write w = operator_write(c);
    int64_t revision = 0;
    e = control_signing_key_rotate(c->arena, &w, &tenant.id, in->revoke, &out->row, &revision);
    if (e != ERR_OK)
        return e;
    out->status = status_of(&out->row, c->now);
    operator_written(revision);
    return ERR_OK;
}
