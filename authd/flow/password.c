/* SPDX-License-Identifier: Apache-2.0
 *
 * Password change. A stolen access token must not become a way to guess the password without limit,
 * so the current one is a guess like any other; and whoever changes the password wants everybody
 * else out, so all other sessions end in the same transaction.
 */
#include "flow/password.h"

#include "flow/event.h"
#include "flow/guess.h"
#include "flow/password_hash.h"

/* Judged before the guess is counted: a refused new password must not look like a wrong old one. */
static enum err judge_new(struct call *c, struct str typed, struct str *password)
{
    const struct str field = STR("new_password");
    const struct password_context context = {c->user->email, c->user->name};
    enum err e = password_read(c, field, typed, password);
    return e == ERR_OK ? password_judge(c, field, *password, &context) : e;
}

static enum err guess_current(struct call *c, struct str typed, struct guess *g)
{
    g->password_field = STR("current_password");
    enum err e = guess_begin(c, c->user->email, typed, g);
    if (e == ERR_OK)
        e = guess_compare(c, g);
    if (e != ERR_OK)
        return e;
    bool own = g->facts.user_exists && id_eq(&g->facts.user.id, &c->user->id);
    return own && g->matches ? ERR_OK : guess_refused(c, g, ERR_invalid_credentials);
}

static enum err store_new(struct call *c, const struct guess *g, struct str hash)
{
    struct password_change change = {
        .event = call_event(c, EVENT_PASSWORD_CHANGED),
        .ended_event = call_event(c, EVENT_SESSION_ENDED),
        .identifier = g->identifier,
        .verified_changed_at = g->facts.password_changed_at,
        .hash = hash,
    };
    bool changed = false;
    change.ended_event.detail = event_reason(c->arena, "password_change");
    enum err e = users_change_password(db_tenant(c->tenant), c->arena, &change, &changed);
    if (e != ERR_OK)
        return e;
    /* Changed by somebody else, or signed out, while we hashed. */
    return changed ? ERR_OK : guess_refused(c, g, ERR_invalid_credentials);
}

enum err change_password(struct call *c)
{
    const struct password_change_request *in = c->in;
    struct guess g = {0};
    struct str password;
    struct str hash;
    enum err e = judge_new(c, in->new_password, &password);
    if (e == ERR_OK)
        e = guess_current(c, in->current_password, &g);
    if (e != ERR_OK)
        return e;
    e = password_hash(c, password, &hash);
    if (e == ERR_overloaded)
        guess_give_back(c, &g);
    return e == ERR_OK ? store_new(c, &g, hash) : e;
}
