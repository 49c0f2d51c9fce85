/* SPDX-License-Identifier: Apache-2.0
 *
 * CORS per tenant. An origin is compared with the lists as a whole, never parsed. Credentials mode
 * does not exist: no cookie is ever read here. A preflight carries no key, so it is judged by the
 * tenant its URL names, else by whether any active tenant lists the origin; it promises nothing,
 * because the request that follows is judged by its own tenant.
 */
#include "http/cors.h"

#include "http/guard.h"
#include "http/reply.h"
#include "store/registry.h"

enum cors_rule cors_rule_of(const struct route *route)
{
    switch (route->need) {
    case NEED_NOTHING:
        return CORS_PUBLIC;
    case NEED_PUBLISHABLE:
    case NEED_SECRET:
    case NEED_USER:
        return CORS_TENANT;
    case NEED_OPERATOR:
    case NEED_OPERATOR_WRITE:
        return CORS_SAME_ORIGIN;
    }
    return CORS_SAME_ORIGIN;
}

static bool allowed(struct str origin, enum cors_rule rule, const struct tenant *tenant)
{
    if (rule == CORS_PUBLIC || str_eq(origin, http_site.origin))
        return true;
    return rule == CORS_TENANT && tenant && tenant_allows_origin(tenant, origin);
}

enum err cors_judge(struct http_exchange *x, enum cors_rule rule, const struct tenant *tenant)
{
    struct str origin = x->request.origin;
    x->allow_origin = STR_NONE;
    if (rule == CORS_PUBLIC) {
        x->allow_origin = STR("*");
        return ERR_OK;
    }
    if (!origin.ptr)
        return ERR_OK;
    if (!allowed(origin, rule, tenant))
        return ERR_origin_not_allowed;
    x->allow_origin = origin;
    return ERR_OK;
}

/* Judged by a tenant that the URL names (*named, whether or not it exists), else by the index of
 * all. */
static bool listed_somewhere(const struct http_exchange *x)
{
    bool named;
    struct tenant *tenant = guard_tenant_of_url(x, &named);
    bool listed = named ? allowed(x->request.origin, CORS_TENANT, tenant)
                        : str_eq(x->request.origin, http_site.origin) ||
                              registry_origin_listed(x->request.origin);
    if (tenant)
        tenant_release(tenant);
    return listed;
}

static enum err judge_without_tenant(struct http_exchange *x, enum cors_rule rule)
{
    if (rule != CORS_TENANT)
        return cors_judge(x, rule, NULL);
    if (!x->request.origin.ptr || !listed_somewhere(x))
        return ERR_origin_not_allowed;
    x->allow_origin = x->request.origin;
    return ERR_OK;
}

void cors_allow_error(struct http_exchange *x, enum cors_rule rule)
{
    if (!x->allow_origin.ptr && judge_without_tenant(x, rule) != ERR_OK)
        x->allow_origin = STR_NONE;
}

void cors_preflight(struct http_exchange *x, const struct endpoint *endpoint)
{
    struct http_reply *r = &x->reply;
    bool preflight = x->request.origin.ptr && x->request.request_method.ptr;
    if (preflight && judge_without_tenant(x, cors_rule_of(endpoint->any)) != ERR_OK) {
        reply_error(x, ERR_origin_not_allowed, STR_NONE);
        return;
    }
    reply_start(x, 204);
    http_set_header(r, STR("cache-control"), STR("no-store"));
    if (!preflight) {
        http_set_header(r, STR("allow"), endpoint->allow);
        return;
    }
    http_set_header(r, STR("access-control-allow-methods"), endpoint->allow);
    http_set_header(r, STR("access-control-allow-headers"),
                    STR("authorization, content-type, if-match, x-client-id, x-tenant-id"));
    http_set_header(r, STR("access-control-max-age"), STR("600"));
}
