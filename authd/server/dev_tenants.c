/* SPDX-License-Identifier: Apache-2.0
 *
 * Two tenants to play with, made through the control-plane API itself, called inside the process
 * before clients are let in: the same routes, checks and flows that hjctl uses.
 */
#include <stdio.h>

#include "base/clock.h"
#include "base/coro.h"
#include "base/json.h"
#include "http/http.h"
#include "server/dev.h"

enum { ACTIVE_TIMEOUT_MS = 30000, ACTIVE_POLL_MS = 50 };

struct demo {
    const char *slug;
    const char *name;
    const char *origin;
    const char *suffix; /* of the names in env */
};

static const struct demo demos[] = {
    {"acme", "Acme", "http://localhost:3000", ""},
    {"globex", "Globex", "http://localhost:4000", "_2"},
};

/* One call as the first operator. The reply's JSON, to be released, or NULL. */
static json_t *call(struct dev *d, enum method method, const char *target, const char *body,
                    int *status)
{
    struct arena *a = arena_create(16 * 1024);
    struct http_exchange *x = arena_new(a, struct http_exchange);
    json_t *reply = NULL;
    x->arena = a;
    x->request.method = method;
    x->request.target = str_of(target);
    x->request.authorization =
        str_of(dev_text(d, "Bearer %s", dev_env_get(&d->env, "OPERATOR_KEY")));
    x->request.peer = (struct http_address){{[10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1}};
    if (body) {
        x->request.content_type = STR("application/json");
        x->request.has_body = true;
        x->request.body = str_of(body);
    }
    if (!http_begin(x))
        http_run(x);
    *status = x->reply.status;
    if (json_read(x->reply.body, &reply) != ERR_OK)
        reply = NULL;
    http_end(x);
    arena_destroy(a);
    return reply;
}

static const char *member(struct dev *d, const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? dev_text(d, "%s", text) : NULL;
}

static void put(struct dev *d, const struct demo *t, const char *name, const char *value)
{
    dev_env_set(&d->env, dev_text(d, "%s%s", name, t->suffix), value ? value : "");
}

static const char *kept(struct dev *d, const struct demo *t, const char *name)
{
    const char *value = dev_env_get(&d->old, dev_text(d, "%s%s", name, t->suffix));
    return value && *value ? value : NULL;
}

static json_t *create(struct dev *d, const struct demo *t, int *status)
{
    return call(d, METHOD_POST, "/v1/tenants",
                dev_text(d,
                         "{\"slug\":\"%s\",\"name\":\"%s\",\"environment\":\"dev\",\"policy\":{"
                         "\"allowed_origins\":[\"%s\"],\"rate_limit_address\":1000000,"
                         "\"rate_limit_identifier\":1000000,\"rate_limit_key\":10000000,"
                         "\"rate_limit_tenant\":10000000}}",
                         t->slug, t->name, t->origin),
                status);
}

/* A tenant whose keys are in nobody's hands any more gets a client with new ones. */
static json_t *create_client(struct dev *d, const struct demo *t, int *status)
{
    return call(d, METHOD_POST, dev_text(d, "/v1/tenants/%s/clients", t->slug),
                "{\"name\":\"development\",\"type\":\"web\"}", status);
}

static bool is_active(const json_t *tenant)
{
    const char *status = json_string_value(json_object_get(tenant, "status"));
    return status && strcmp(status, "active") == 0;
}

static bool wait_active(struct dev *d, const struct demo *t)
{
    int64_t deadline = clock_mono_ms() + ACTIVE_TIMEOUT_MS;
    bool active = false;
    while (!active && clock_mono_ms() < deadline) {
        int status;
        json_t *tenant = call(d, METHOD_GET, dev_text(d, "/v1/tenants/%s", t->slug), NULL, &status);
        active = is_active(tenant);
        json_decref(tenant);
        if (!active)
            coro_sleep(ACTIVE_POLL_MS);
    }
    return active;
}

static bool refuse(const struct demo *t, int status)
{
    return dev_refuse("see the log above; remove the state directory to start anew",
                      "tenant %s could not be made (%d)", t->slug, status);
}

static void put_all(struct dev *d, const struct demo *t, const json_t *tenant, const char *pk,
                    const char *sk)
{
    put(d, t, "TENANT", member(d, tenant, "id"));
    put(d, t, "TENANT_SLUG", t->slug);
    put(d, t, "ISSUER", member(d, tenant, "issuer"));
    put(d, t, "PUBLISHABLE_KEY", pk);
    put(d, t, "SECRET_KEY", sk);
    put(d, t, "ALLOWED_ORIGIN", t->origin);
}

/* Keys that env still has are those of this very tenant; otherwise there are new ones. */
static bool put_existing(struct dev *d, const struct demo *t, const json_t *tenant)
{
    const char *id = kept(d, t, "TENANT");
    const char *pk = kept(d, t, "PUBLISHABLE_KEY");
    const char *sk = kept(d, t, "SECRET_KEY");
    const char *now = member(d, tenant, "id");
    int status = 200;
    if (!id || !now || !pk || !sk || strcmp(id, now) != 0) {
        json_t *client = create_client(d, t, &status);
        pk = member(d, client, "publishable_key");
        sk = member(d, client, "secret_key");
        json_decref(client);
    }
    if (!pk || !sk)
        return refuse(t, status);
    put_all(d, t, tenant, pk, sk);
    return true;
}

static bool put_created(struct dev *d, const struct demo *t)
{
    int status;
    json_t *made = create(d, t, &status);
    const json_t *client = json_object_get(made, "client");
    bool ok = status == 201 && client;
    if (ok)
        put_all(d, t, made, member(d, client, "publishable_key"), member(d, client, "secret_key"));
    json_decref(made);
    return ok ? true : refuse(t, status);
}

static bool make(struct dev *d, const struct demo *t)
{
    int status;
    json_t *tenant = call(d, METHOD_GET, dev_text(d, "/v1/tenants/%s", t->slug), NULL, &status);
    bool ok = status == 200   ? put_existing(d, t, tenant)
              : status == 404 ? put_created(d, t)
                              : refuse(t, status);
    json_decref(tenant);
    return ok && (wait_active(d, t) || refuse(t, 503));
}

bool dev_tenants_make(struct dev *d)
{
    for (size_t i = 0; i < sizeof(demos) / sizeof(demos[0]); i++)
        if (!make(d, &demos[i]))
            return false;
    return true;
}
