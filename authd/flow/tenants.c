/* SPDX-License-Identifier: Apache-2.0
 *
 * Tenants, by operators: everything but creation, which has tenant_create.c to itself.
 */
#include "flow/tenants.h"

#include "flow/operator_call.h"
#include "flow/tenant_policy.h"
#include "store/upkeep.h"

static enum err tenant_reply(struct call *c)
{
    struct tenant_record *out = c->out;
    etag_set(c, out->revision);
    return tenant_policy_effective(c->arena, &out->policy);
}

enum err tenant_get_flow(struct call *c)
{
    const struct tenant_ref_in *in = c->in;
    enum err e = control_tenant_get(c->arena, in->tenant, c->out);
    return e == ERR_OK ? tenant_reply(c) : e;
}

enum err tenant_list_flow(struct call *c)
{
    const struct tenant_list_in *in = c->in;
    struct page_frame frame = {page_control_key(), STR("tenants"), in->status};
    struct page_query query;
    struct tenant_record *items;
    size_t n;
    enum err e = page_open(c, &in->page, &frame, &query);
    if (e != ERR_OK ||
        (e = control_tenant_list(c->arena, in->status, &query, &items, &n)) != ERR_OK)
        return e;
    for (size_t i = 0; i < n; i++) {
        if ((e = tenant_policy_effective(c->arena, &items[i].policy)) != ERR_OK)
            return e;
    }
    page_close(c, &frame, &query, items, n, sizeof(*items), c->out);
    return ERR_OK;
}

/* The new document depends on the old one, so the write holds only for the revision that was read.
 */
static enum err update_once(struct call *c, int64_t if_match, struct tenant_record *record,
                            int64_t *revision)
{
    const struct tenant_update_in *in = c->in;
    enum err e = control_tenant_get(c->arena, in->tenant, record);
    if (e != ERR_OK)
        return e;
    if (if_match && if_match != record->revision)
        return ERR_precondition_failed;
    struct tenant_changes changes = {.name = in->name, .if_revision = record->revision};
    if (str_is_set(in->policy)) {
        e = tenant_policy_change(c, record->policy, in->policy, &changes.policy);
        if (e != ERR_OK)
            return e;
    }
    struct control_write w = operator_write(c);
    return control_tenant_update(c->arena, &w, id_str(&record->id), &changes, record, revision);
}

enum { UPDATE_TRIES = 4 };

enum err tenant_update_flow(struct call *c)
{
    const struct tenant_update_in *in = c->in;
    int64_t if_match;
    int64_t revision = 0;
    enum err e = if_match_revision(c, &if_match);
    if (e != ERR_OK)
        return e;
    if (!str_is_set(in->name) && !str_is_set(in->policy))
        return tenant_get_flow(c);
    for (int i = 0; i < UPDATE_TRIES; i++) {
        e = update_once(c, if_match, c->out, &revision);
        if (e != ERR_precondition_failed || if_match)
            break;
    }
    if (e != ERR_OK)
        return e;
    operator_written(revision);
    return tenant_reply(c);
}

static enum err tenant_do(struct call *c, struct str ref, enum tenant_deed deed,
                          struct tenant_record *out)
{
    struct control_write w = operator_write(c);
    int64_t revision = 0;
    enum err e = control_tenant_do(c->arena, &w, ref, deed, out, &revision);
    if (e == ERR_OK)
        operator_written(revision);
    return e;
}

static enum err status_flow(struct call *c, enum tenant_deed deed)
{
    const struct tenant_ref_in *in = c->in;
    enum err e = tenant_do(c, in->tenant, deed, c->out);
    return e == ERR_OK ? tenant_reply(c) : e;
}

enum err tenant_suspend_flow(struct call *c)
{
    return status_flow(c, TENANT_SUSPEND);
}

enum err tenant_reactivate_flow(struct call *c)
{
    return status_flow(c, TENANT_REACTIVATE);
}

enum err tenant_delete_flow(struct call *c)
{
    const struct tenant_delete_in *in = c->in;
    struct tenant_record gone;
    enum tenant_deed deed = in->keep_database ? TENANT_DELETE_KEEP : TENANT_DELETE;
    enum err e = tenant_do(c, in->tenant, deed, &gone);
    if (e == ERR_OK)
        upkeep_wake();
    return e;
}
