/* SPDX-License-Identifier: Apache-2.0
 *
 * Guessing a password, in the order that makes it safe: reserve, hash, account.
 */
#include "flow/guess.h"

#include "base/json.h"
#include "base/log.h"
#include "crypto/token.h"
#include "flow/event.h"
#include "flow/password_hash.h"

struct identifier identifier_of(const struct tenant *t, struct str email_key)
{
    struct identifier id = {0};
    keyed_hash(t->secrets->identifier, email_key, id.hash);
    return id;
}

/* What an operator needs to see an attack, and nothing that tells who was meant to a reader without
 * the tenant's key. */
static struct str attempt_detail(struct arena *a, const struct guess *g, const char *reason)
{
    char hex[2 * sizeof(g->identifier.hash)];
    struct buf b;
    struct json_writer w;
    hex_encode(hex, g->identifier.hash, sizeof(g->identifier.hash));
    buf_init(&b, a, 192);
    json_start(&w, &b);
    json_object_start(&w);
    json_member(&w, "reason");
    json_str_value(&w, str_of(reason));
    json_member(&w, "identifier");
    json_str_value(&w, (struct str){hex, sizeof(hex)});
    json_member(&w, "failures");
    json_int_value(&w, g->facts.attempt.failures);
    json_member(&w, "locked_until");
    json_time_value(&w, g->facts.attempt.locked_until);
    json_object_end(&w);
    return buf_view(&b);
}

static struct tenant_event attempt_event(const struct call *c, const struct guess *g,
                                         enum event event, const char *reason)
{
    struct tenant_event e = call_event(c, event);
    e.user = g->facts.user.id;
    e.detail = attempt_detail(c->arena, g, reason);
    return e;
}

/* Says nothing about who exists: no user has such an e-mail, no password is like this. */
static enum err read_typed(struct call *c, struct str email, struct str password, struct guess *g)
{
    if (!email_valid(c->arena, email, &g->email_key))
        return call_problem(c, STR("email"), "malformed", "This is not an e-mail address.");
    return password_read(c, g->password_field, password, &g->password);
}

static enum err attempt_refused(struct call *c, const struct guess *g, enum attempt_decision d)
{
    if (d == ATTEMPT_RATE_LIMITED)
        return ERR_rate_limited;
    struct tenant_event e = attempt_event(c, g, EVENT_SIGN_IN_LOCKED, "refused");
    enum err err = tenant_audit_add(db_tenant(c->tenant), c->arena, &e, 1);
    return err == ERR_OK ? ERR_account_locked : err;
}

enum err guess_begin(struct call *c, struct str email, struct str password, struct guess *g)
{
    enum err e = read_typed(c, email, password, g);
    if (e == ERR_OK)
        e = password_capacity(c);
    if (e != ERR_OK)
        return e;
    const struct policy *policy = &c->tenant->policy;
    g->identifier = identifier_of(c->tenant, g->email_key);
    e = users_guess(db_tenant(c->tenant), c->arena, &g->identifier, g->email_key, policy, c->now,
                    &g->facts);
    if (e != ERR_OK)
        return e;
    enum attempt_decision d = decide_attempt(policy, &g->facts.attempt, c->now, &c->retry_after_s);
    return d == ATTEMPT_GO_ON ? ERR_OK : attempt_refused(c, g, d);
}

void guess_give_back(struct call *c, const struct guess *g)
{
    enum err e =
        attempt_give_back(db_tenant(c->tenant), c->arena, &g->identifier, &g->facts.attempt);
    if (e != ERR_OK)
        log_warn("attempt_not_given_back", LOG_STR("tenant", id_str(&c->tenant->id)));
}

enum err guess_compare(struct call *c, struct guess *g)
{
    struct password_match match;
    enum err e = password_compare(c, g->facts.hash, g->password, &match);
    if (e == ERR_overloaded)
        guess_give_back(c, g);
    if (e != ERR_OK)
        return e;
    g->matches = match.matches;
    g->better_hash = match.better_hash;
    return ERR_OK;
}

enum err guess_refused(struct call *c, const struct guess *g, enum err answer)
{
    const char *reason = answer == ERR_account_banned ? "banned" : "credentials";
    struct tenant_event events[2] = {attempt_event(c, g, EVENT_SIGN_IN_FAILED, reason)};
    size_t n = 1;
    if (g->facts.attempt.locked_until != 0 || g->facts.attempt.failures >= ATTEMPTS_HARD_STOP)
        events[n++] = attempt_event(c, g, EVENT_SIGN_IN_LOCKED, "reached");
    enum err e = tenant_audit_add(db_tenant(c->tenant), c->arena, events, n);
    return e == ERR_OK ? answer : e;
}
