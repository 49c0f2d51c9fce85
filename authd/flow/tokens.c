/* SPDX-License-Identifier: Apache-2.0
 *
 * Issuing tokens: one signature, one MAC, no I/O.
 */
#include "flow/tokens.h"

#include <assert.h>

#include "base/log.h"
#include "crypto/jwt.h"
#include "crypto/token.h"
#include "domain/decide.h"
#include "flow/claims.h"

static struct str refresh_text(const struct call *c, const struct id *session, int64_t generation)
{
    char *text = arena_alloc(c->arena, REFRESH_TOKEN_LEN + 1);
    assert(generation >= 0 && generation <= UINT32_MAX);
    refresh_token_make(c->tenant->secrets->refresh, session, (uint32_t)generation, text);
    return (struct str){text, REFRESH_TOKEN_LEN};
}

int64_t session_ends_at(const struct policy *p, const struct session *s)
{
    int64_t absolute = session_expires_at(p, s);
    int64_t idle = session_idle_expires_at(p, s);
    return idle < absolute ? idle : absolute;
}

enum err tokens_issue(const struct call *c, const struct session *s, const struct user *u,
                      int64_t generation, struct session_tokens *out)
{
    const struct tenant *t = c->tenant;
    const struct signing_key *key = tenant_signing_key(t, c->now);
    if (!key) {
        log_error("no_signing_key", LOG_STR("tenant", id_str(&t->id)));
        return ERR_internal_error;
    }
    struct token_claims claims = {.tenant = t,
                                  .client = c->client,
                                  .session = s,
                                  .user = u,
                                  .issued_at = c->now / 1000,
                                  .expires_at = access_token_expiry_s(&t->policy, s, c->now)};
    struct str payload = claims_write(c->arena, &claims);
    *out = (struct session_tokens){
        .id = s->id,
        .access_token = jwt_sign(c->arena, key->jwt_header, payload, key->secret_key),
        .token_type = STR("Bearer"),
        .expires_in = claims.expires_at - claims.issued_at,
        .access_token_expires_at = claims.expires_at * 1000,
        .refresh_token = refresh_text(c, &s->id, generation),
        .refresh_token_expires_at = session_ends_at(&t->policy, s),
    };
    return ERR_OK;
}
