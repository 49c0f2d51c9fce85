/* SPDX-License-Identifier: Apache-2.0
 *
 * libauthd-verify: any bytes as what an issuer answers — a key set, a verdict on a session,
 * Cache-Control — and as an issuer's URL and an Authorization header.
 */
#include <stdlib.h>

#include "fuzz.h"
#include "verify/exchange.h"
#include "verify/jwks.h"
#include "verify/session.h"

static void check_key_set(struct slice text)
{
    static struct key_set set;
    if (!authdv_jwks_read(text, &set)) {
        assert(set.n == 0 && !set.owner[0]);
        return;
    }
    assert(set.n <= KEYS_MAX && set.owner[0] && text.len <= JWKS_MAX);
    for (size_t i = 0; i < set.n; i++)
        assert(authdv_key_find(&set, set.keys[i].kid) == &set.keys[i]);
}

static void check_texts(const char *z)
{
    size_t n;
    const char *token = authd_bearer_token(z, &n);
    assert(token ? n > 0 && token[n] == '\0' : n == 0);
    assert(authdv_max_age(z) >= -1);
    const char *complaint = authdv_url_complaint(z, false);
    assert(complaint || strncasecmp(z, "http", 4) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = {(const char *)data, size};
    char *z = strndup(text.ptr ? text.ptr : "", size);
    check_key_set(text);
    enum authd_verify_error verdict = authdv_session_verdict(text);
    assert(verdict == AUTHD_VERIFY_NONE || verdict == AUTHD_VERIFY_SESSION_ENDED ||
           verdict == AUTHD_VERIFY_UNAVAILABLE);
    check_texts(z);
    free(z);
    return 0;
}
