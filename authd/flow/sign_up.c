/* SPDX-License-Identifier: Apache-2.0
 *
 * Sign-up. The password is judged and hashed before anybody looks whether the e-mail is taken, so
 * that the time of the answer tells no more than the answer; whether it is taken is decided by the
 * unique key alone, in the one transaction that writes user, password, session and audit row.
 */
#include "flow/sign_up.h"

#include "domain/decide.h"
#include "flow/event.h"
#include "flow/password_hash.h"
#include "store/users.h"

static enum err check_policy(const struct call *c)
{
    return decide_sign_up(&c->tenant->policy) == SIGN_UP_ALLOW ? ERR_OK : ERR_sign_up_closed;
}

/* From what was typed to what is stored. */
static enum err prepare(struct call *c, const struct sign_up_request *in, struct user_creation *u)
{
    const struct password_context context = {in->email, in->name};
    const struct str field = STR("password");
    struct str password;
    if (!email_valid(c->arena, in->email, &u->email_key))
        return call_problem(c, STR("email"), "malformed", "This is not an e-mail address.");
    enum err e = password_read(c, field, in->password, &password);
    if (e == ERR_OK)
        e = password_judge(c, field, password, &context);
    if (e == ERR_OK)
        e = password_hash(c, password, &u->hash);
    u->email = in->email;
    u->name = in->name;
    u->public_metadata = str_is_set(in->metadata) ? in->metadata : STR("{}");
    u->amr = STR("pwd");
    return e;
}

static void name_parties(const struct call *c, struct user_creation *u)
{
    u->event = call_event(c, EVENT_USER_SIGNED_UP);
    u->event.actor_type = ACTOR_USER;
    u->event.actor = u->event.user = id_new("usr_", c->now);
    u->event.session = id_new("ses_", c->now);
}

/* The rows as they were just written. */
static enum err answer(struct call *c, const struct user_creation *u)
{
    struct user user = {.id = u->event.user,
                        .status = USER_ACTIVE,
                        .email = u->email,
                        .name = u->name,
                        .public_metadata = u->public_metadata,
                        .created_at = c->now,
                        .updated_at = c->now};
    struct session session = {.id = u->event.session,
                              .user_id = user.id,
                              .client_id = c->client->id,
                              .created_at = c->now,
                              .rotated_at = c->now,
                              .amr = u->amr};
    return signed_in_answer(c, &session, &user, c->out);
}

enum err sign_up(struct call *c)
{
    struct user_creation u = {0};
    enum err e = check_policy(c);
    if (e == ERR_OK)
        e = prepare(c, c->in, &u);
    if (e != ERR_OK)
        return e;
    name_parties(c, &u);
    e = users_create(db_tenant(c->tenant), c->arena, &u);
    return e == ERR_OK ? answer(c, &u) : e;
}
