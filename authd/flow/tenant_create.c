/* SPDX-License-Identifier: Apache-2.0
 *
 * Creating a tenant. With a ready-made database on the shelf it is one round trip. Without, the
 * same round trip leaves a row, and then a worker makes roles and database; from the row on nothing
 * can be lost: what a crash leaves undone the background finishes.
 */
#include "flow/tenants.h"

#include "base/log.h"
#include "base/map.h"
#include "flow/operator_call.h"
#include "flow/tenant_policy.h"
#include "store/provision.h"
#include "store/store.h"
#include "store/tenant_keys.h"
#include "store/upkeep.h"

static struct str issuer_make(struct arena *a, struct str slug)
{
    struct buf b;
    buf_init(&b, a, 64);
    buf_printf(&b, "%s/t/%.*s", flow_config.public_url, STR_FMT(slug));
    return buf_view(&b);
}

static enum err creation_make(struct call *c, struct tenant_creation *out,
                              struct first_client *keys)
{
    const struct tenant_create_in *in = c->in;
    if (!slug_valid(in->slug, &c->problems, STR("slug")))
        return ERR_validation_failed;
    struct str environment = str_is_set(in->environment) ? in->environment : STR("live");
    *out = (struct tenant_creation){
        .slug = in->slug,
        .name = str_is_set(in->name) ? in->name : in->slug,
        .environment = environment,
        .issuer = issuer_make(c->arena, in->slug),
        .policy = STR("{}"),
        .client_id = id_new("cli_", c->now),
    };
    *keys = (struct first_client){
        .id = out->client_id,
        .publishable_key =
            client_credential_make(c, STR("publishable"), environment, &out->publishable),
        .secret_key = client_credential_make(c, STR("secret"), environment, &out->secret),
    };
    if (!str_is_set(in->policy))
        return ERR_OK;
    return tenant_policy_change(c, STR("{}"), in->policy, &out->policy);
}

/* Makes the database while the caller waits. Whatever goes wrong, the tenant exists. */
static void provision_now(struct call *c, struct tenant_record *out)
{
    struct id tenant = out->id;
    struct provision_job job = {.tenant = tenant};
    uint64_t fairness = map_hash(id_str(&tenant));
    enum err e = worker_run(store_config.connectors, fairness, provision_job_run, &job);
    if (e == ERR_OK)
        e = job.result;
    if (e != ERR_OK) {
        upkeep_wake();
        return;
    }
    operator_written(job.revision);
    if (control_tenant_get(c->arena, id_str(&tenant), out) != ERR_OK)
        log_warn("created_tenant_not_read", LOG_STR("tenant", id_str(&tenant)));
}

static enum err create(struct call *c, const struct tenant_creation *creation,
                       struct tenant_record *out)
{
    struct control_write w = operator_write(c);
    struct tenant_keys *keys = arena_new(c->arena, struct tenant_keys);
    int64_t revision;
    tenant_keys_make(c->now, keys);
    enum err e = control_tenant_create(c->arena, &w, creation, keys, out, &revision);
    if (e != ERR_OK)
        return e;
    if (str_eqz(out->status, "provisioning")) {
        provision_now(c, out);
        return ERR_OK;
    }
    upkeep_wake(); /* the shelf wants a new one */
    operator_written(revision);
    return ERR_OK;
}

enum err tenant_create_flow(struct call *c)
{
    struct tenant_created *out = c->out;
    struct tenant_creation creation;
    out->client = arena_new(c->arena, struct first_client);
    enum err e = creation_make(c, &creation, out->client);
    if (e != ERR_OK || (e = create(c, &creation, &out->record)) != ERR_OK)
        return e;
    etag_set(c, out->record.revision);
    return tenant_policy_effective(c->arena, &out->record.policy);
}
