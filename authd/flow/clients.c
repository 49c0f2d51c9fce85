/* SPDX-License-Identifier: Apache-2.0
 *
 * Clients of a tenant, by operators.
 */
#include "flow/clients.h"

#include "flow/client_type.h"
#include "flow/operator_call.h"
#include "store/control_tenants.h"

enum err client_create_flow(struct call *c)
{
    const struct client_create_in *in = c->in;
    struct client_created *out = c->out;
    struct tenant_record tenant;
    enum err e = control_tenant_get(c->arena, in->tenant, &tenant);
    if (e != ERR_OK)
        return e;
    struct client_record record = {
        .id = id_new("cli_", c->now),
        .name = in->name,
        .type = str_is_set(in->type) ? in->type : STR("web"),
        .audience = in->audience,
    };
    struct key_record keys[2] = {0};
    struct str *texts[2] = {&out->publishable_key, &out->secret_key};
    static const struct str kinds[2] = {{"publishable", 11}, {"secret", 6}};
    for (int i = 0; i < 2; i++) {
        if (client_type_has(record.type, kinds[i]))
            *texts[i] = client_credential_make(c, kinds[i], tenant.environment, &keys[i]);
    }
    struct control_write w = operator_write(c);
    int64_t revision = 0;
    e = control_client_create(c->arena, &w, &tenant.id, &record, &keys[0], &keys[1], &out->record,
                              &revision);
    if (e != ERR_OK)
        return e;
    operator_written(revision);
    etag_set(c, out->record.revision);
    return ERR_OK;
}

enum err client_list_flow(struct call *c)
{
    const struct client_list_in *in = c->in;
    struct tenant_record tenant;
    struct page_query query;
    struct client_record *items;
    size_t n;
    enum err e = control_tenant_get(c->arena, in->tenant, &tenant);
    if (e != ERR_OK)
        return e;
    struct page_frame frame = {page_control_key(), STR("clients"), id_str(&tenant.id)};
    if ((e = page_open(c, &in->page, &frame, &query)) != ERR_OK ||
        (e = control_client_list(c->arena, &tenant.id, &query, &items, &n)) != ERR_OK)
        return e;
    page_close(c, &frame, &query, items, n, sizeof(*items), c->out);
    return ERR_OK;
}

enum err client_get_flow(struct call *c)
{
    const struct client_ref_in *in = c->in;
    struct client_record *out = c->out;
    struct tenant_record tenant;
    enum err e = control_tenant_get(c->arena, in->tenant, &tenant);
    if (e != ERR_OK ||
        (e = control_client_get(c->arena, &tenant.id, &in->client_id, out)) != ERR_OK)
        return e;
    etag_set(c, out->revision);
    return ERR_OK;
}

enum err client_update_flow(struct call *c)
{
    const struct client_update_in *in = c->in;
    struct client_record *out = c->out;
    struct tenant_record tenant;
    struct client_changes changes = {
        .name = in->name, .set_audience = in->has_audience, .audience = in->audience};
    enum err e = if_match_revision(c, &changes.if_revision);
    if (e != ERR_OK || (e = control_tenant_get(c->arena, in->tenant, &tenant)) != ERR_OK)
        return e;
    struct control_write w = operator_write(c);
    int64_t revision = 0;
    e = control_client_update(c->arena, &w, &tenant.id, &in->client_id, &changes, out, &revision);
    if (e != ERR_OK)
        return e;
    operator_written(revision);
    etag_set(c, out->revision);
    return ERR_OK;
}

enum err client_delete_flow(struct call *c)
{
    const struct client_ref_in *in = c->in;
    struct tenant_record tenant;
    enum err e = control_tenant_get(c->arena, in->tenant, &tenant);
    if (e != ERR_OK)
        return e;
    struct control_write w = operator_write(c);
    int64_t revision = 0;
    e = control_client_delete(c->arena, &w, &tenant.id, &in->client_id, &revision);
    if (e == ERR_OK)
        operator_written(revision);
    return e;
}
