/* SPDX-License-Identifier: Apache-2.0
 *
 * The recovery that the hard stop waits for (NIST SP 800-63B-4, 3.2.2): the tenant's server has
 * identified the owner by its own means.
 */
#include "flow/unlock.h"

#include "flow/event.h"
#include "flow/guess.h"
#include "flow/password_hash.h"

enum err unlock(struct call *c)
{
    const struct unlock_request *in = c->in;
    struct str key;
    if (!email_valid(c->arena, in->email, &key))
        return call_problem(c, STR("email"), "malformed", "This is not an e-mail address.");
    struct identifier id = identifier_of(c->tenant, key);
    struct tenant_event e = call_event(c, EVENT_USER_UNLOCKED);
    return attempt_clear(db_tenant(c->tenant), c->arena, &e, &id, key);
}
