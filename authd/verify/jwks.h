/* SPDX-License-Identifier: Apache-2.0
 *
 * A JWK Set (RFC 7517, 8037) as the public keys that may verify, and whose they are.
 */
#ifndef AUTHD_VERIFY_JWKS_H
#define AUTHD_VERIFY_JWKS_H

#include "verify/token.h"

enum { KEYS_MAX = 32, TENANT_ID_SIZE = 65, JWKS_MAX = 64 << 10 };

struct public_key {
    char kid[KID_SIZE];
    uint8_t bytes[KEY_LEN];
};

struct key_set {
    char owner[TENANT_ID_SIZE]; /* the tenant whose keys they are */
    size_t n;
    struct public_key keys[KEYS_MAX];
};

/* Keys for anything but EdDSA signatures are left out. False, and the set is empty: not a key set,
 * no owner, too many keys, a kid twice, an Ed25519 key that is malformed or has its private part.
 */
bool authdv_jwks_read(struct slice text, struct key_set *out);
const struct public_key *authdv_key_find(const struct key_set *set, const char *kid);

#endif
