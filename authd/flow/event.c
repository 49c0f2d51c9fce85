/* SPDX-License-Identifier: Apache-2.0
 *
 * What every audit row of a call has in common.
 */
#include "flow/event.h"

#include "base/json.h"

static struct id client_of(const struct call *c)
{
    if (c->client)
        return c->client->id;
    return c->session ? c->session->client_id : (struct id){{0}};
}

struct tenant_event call_event(const struct call *c, enum event event)
{
    struct tenant_event e = {
        .id = id_new("evt_", c->now),
        .at = c->now,
        .event = event,
        .client = client_of(c),
        .address = c->address,
        .user_agent = c->user_agent,
        .request_id = c->request_id,
    };
    if (c->user) {
        e.actor_type = ACTOR_USER;
        e.actor = e.user = c->user->id;
        e.session = c->session->id;
    } else if (c->client) {
        e.actor_type = ACTOR_CLIENT;
        e.actor = c->client->id;
    }
    return e;
}

struct str event_reason(struct arena *a, const char *reason)
{
    struct buf b;
    struct json_writer w;
    buf_init(&b, a, 64);
    json_start(&w, &b);
    json_object_start(&w);
    json_member(&w, "reason");
    json_str_value(&w, str_of(reason));
    json_object_end(&w);
    return buf_view(&b);
}
