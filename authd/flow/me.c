/* SPDX-License-Identifier: Apache-2.0
 *
 * A user's own profile. What users may change of themselves is exactly what struct me_changes has.
 */
#include "flow/me.h"

#include "base/json.h"
#include "flow/event.h"
#include "store/users.h"

enum err me_read(struct call *c)
{
    *(struct user_view *)c->out = user_view_of(c->user);
    return ERR_OK;
}

/* Which members changed, not to what: values may be personal data that outlive the user in the log.
 */
static struct str changed_fields(struct arena *a, const struct me_changes *in)
{
    struct buf b;
    struct json_writer w;
    buf_init(&b, a, 64);
    json_start(&w, &b);
    json_object_start(&w);
    json_member(&w, "fields");
    json_array_start(&w);
    if (in->has_name)
        json_str_value(&w, STR("name"));
    if (in->has_metadata)
        json_str_value(&w, STR("public_metadata"));
    json_array_end(&w);
    json_object_end(&w);
    return buf_view(&b);
}

enum err me_update(struct call *c)
{
    const struct me_changes *in = c->in;
    if (!in->has_name && !in->has_metadata)
        return me_read(c);
    struct user_changes changes = {
        .event = call_event(c, EVENT_USER_UPDATED),
        .set_name = in->has_name,
        .name = in->name,
        .set_metadata = in->has_metadata,
        .public_metadata = str_is_set(in->metadata) ? in->metadata : STR("{}"),
    };
    struct user user;
    changes.event.detail = changed_fields(c->arena, in);
    enum err e = users_update(db_tenant(c->tenant), c->arena, &changes, &user);
    if (e == ERR_OK)
        *(struct user_view *)c->out = user_view_of(&user);
    return e;
}
