/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads what attempt_reserve counted. Nothing is decided here: a wait that is over is no wait.
 */
#include "flow/lockout.h"

#include "flow/guess.h"
#include "flow/password_hash.h"

enum err lockout_read(struct call *c)
{
    const struct lockout_request *in = c->in;
    struct lockout_answer *out = c->out;
    struct attempt_facts f;
    struct str key;
    if (!email_valid(c->arena, in->email, &key))
        return call_problem(c, STR("email"), "malformed", "This is not an e-mail address.");
    struct identifier id = identifier_of(c->tenant, key);
    enum err e = attempt_read(db_tenant(c->tenant), c->arena, &id, &f);
    out->failures = f.failures;
    out->locked_until = f.locked_until > c->now ? f.locked_until : 0;
    out->disabled = f.disabled;
    return e;
}
