/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as a client key and as a refresh token: what is accepted is exactly what we would have
 * written.
 */
#include <string.h>

#include "crypto/seal.h"
#include "crypto/token.h"
#include "fuzz.h"

static const uint8_t tenant_key[32] = {1, 2, 3};

static void check_key(struct str text)
{
    size_t prefix_len;
    bool good = key_check(text, &prefix_len);
    assert(good == (prefix_len > 0));
    if (good)
        assert(text.len == prefix_len + KEY_RANDOM_LEN + KEY_CHECK_LEN &&
               text.len <= KEY_TEXT_MAX && text.ptr[prefix_len - 1] == '_');
}

static void check_refresh_token(struct str text)
{
    struct id session;
    uint32_t generation;
    char again[REFRESH_TOKEN_LEN + 1];
    bool good = refresh_token_open(tenant_key, text, &session, &generation);
    assert(good == (session.z[0] != 0));
    if (!good)
        return;
    refresh_token_make(tenant_key, &session, generation, again);
    assert(str_eqz(text, again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = {(const char *)data, size};
    if (crypto_setup() != ERR_OK)
        __builtin_trap();
    check_key(text);
    check_refresh_token(text);
    return 0;
}
