/* SPDX-License-Identifier: Apache-2.0
 *
 * Keys of a client, by operators. A key's text leaves here once, when it is made.
 */
#include "flow/clients.h"

#include "flow/client_type.h"
#include "flow/operator_call.h"
#include "store/control_tenants.h"

static enum err owner_get(struct call *c, struct str tenant_ref, const struct id *client_id,
                          struct tenant_record *tenant, struct client_record *client)
{
    enum err e = control_tenant_get(c->arena, tenant_ref, tenant);
    return e == ERR_OK ? control_client_get(c->arena, &tenant->id, client_id, client) : e;
}

enum err key_create_flow(struct call *c)
{
    const struct key_create_in *in = c->in;
    struct key_out *out = c->out;
    struct tenant_record tenant;
    struct client_record client;
    struct key_record key;
    int64_t revision = 0;
    enum err e = owner_get(c, in->tenant, &in->client_id, &tenant, &client);
    if (e != ERR_OK)
        return e;
    if (!client_type_has(client.type, in->kind)) {
        problem_add(&c->problems, STR("kind"), "not_allowed",
                    "A client of type %.*s has no %.*s keys.", STR_FMT(client.type),
                    STR_FMT(in->kind));
        return ERR_validation_failed;
    }
    struct control_write w = operator_write(c);
    out->key = client_credential_make(c, in->kind, tenant.environment, &key);
    e = control_key_create(c->arena, &w, &tenant.id, &client.id, in->kind, &key, &out->row,
                           &revision);
    if (e == ERR_OK)
        operator_written(revision);
    return e;
}

enum err key_list_flow(struct call *c)
{
    const struct key_list_in *in = c->in;
    struct tenant_record tenant;
    struct client_record client;
    struct page_query query;
    struct key_row *items;
    size_t n;
    enum err e = owner_get(c, in->tenant, &in->client_id, &tenant, &client);
    if (e != ERR_OK)
        return e;
    struct page_frame frame = {page_control_key(), STR("client_keys"), id_str(&client.id)};
    if ((e = page_open(c, &in->page, &frame, &query)) != ERR_OK ||
        (e = control_key_list(c->arena, &tenant.id, &client.id, &query, &items, &n)) != ERR_OK)
        return e;
    page_close(c, &frame, &query, items, n, sizeof(*items), c->out);
    return ERR_OK;
}

enum err key_roll_flow(struct call *c)
{
    const struct key_roll_in *in = c->in;
    struct key_out *out = c->out;
    struct tenant_record tenant;
    struct str kind;
    struct key_record key;
    int64_t revision = 0;
    enum err e = control_tenant_get(c->arena, in->tenant, &tenant);
    if (e != ERR_OK ||
        (e = control_key_kind(c->arena, &tenant.id, &in->client_id, &in->key_id, &kind)) != ERR_OK)
        return e;
    int64_t overlap = in->has_overlap ? in->overlap_s : KEY_OVERLAP_DEFAULT_S;
    struct control_write w = operator_write(c);
    out->key = client_credential_make(c, kind, tenant.environment, &key);
    e = control_key_roll(c->arena, &w, &tenant.id, &in->client_id, &in->key_id, &key,
                         c->now + overlap * 1000, &out->row, &revision);
    if (e == ERR_OK)
        operator_written(revision);
    return e;
}

enum err key_revoke_flow(struct call *c)
{
    const struct key_ref_in *in = c->in;
    struct tenant_record tenant;
    enum err e = control_tenant_get(c->arena, in->tenant, &tenant);
    if (e != ERR_OK)
        return e;
    struct control_write w = operator_write(c);
    int64_t revision = 0;
    e = control_key_revoke(c->arena, &w, &tenant.id, &in->client_id, &in->key_id, &revision);
    if (e == ERR_OK)
        operator_written(revision);
    return e;
}
