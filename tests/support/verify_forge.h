/* SPDX-License-Identifier: Apache-2.0
 *
 * Tokens and key sets for the tests of libauthd-verify, made with authd's own signer. The forger
 * holds the issuer's key: what is refused is refused by form or by claim, not by the signature.
 */
#ifndef TESTS_SUPPORT_VERIFY_FORGE_H
#define TESTS_SUPPORT_VERIFY_FORGE_H

#include "base/str.h"
#include "verify/token.h"

#define FORGE_HEADER "{\"alg\":\"EdDSA\",\"typ\":\"at+jwt\",\"kid\":\"key_1\"}"
#define FORGE_REST ",\"typ\":\"at+jwt\",\"kid\":\"key_1\"}"
#define FORGE_TENANT "tnt_01JD9W8V3S8Q3ZK6T4N0E2M5RA"

struct forge {
    struct arena *arena;
    uint8_t public_key[32];
    uint8_t secret_key[64];
};

void forge_init(struct forge *f);
void forge_free(struct forge *f);

struct str forge_base64(struct forge *f, struct str bytes);
/* header and payload as given, signed. */
struct str forge_token(struct forge *f, struct str header, struct str payload);
/* {"keys":[the public key as kid],"tenant":owner} */
struct str forge_jwks(struct forge *f, const char *kid, const char *owner);

static inline struct slice slice_of_str(struct str s)
{
    return (struct slice){s.ptr, s.len};
}

#endif
