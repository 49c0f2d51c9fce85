/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON Web Tokens, EdDSA (Ed25519) only: RFC 7515, 7519, 8037, 9068, checked as RFC 8725 asks. The
 * algorithm comes from the key, never from the header. No HMAC, no `none`, no JWE, no key from a
 * header.
 */
#ifndef AUTHD_CRYPTO_JWT_H
#define AUTHD_CRYPTO_JWT_H

#include "base/err.h"
#include "base/id.h"
#include "base/str.h"

enum { JWT_MAX = 8192 };

/* {"alg":"EdDSA","typ":typ,"kid":kid} in base64url and the dot: made once per key and token type.
 */
struct str jwt_header(struct arena *a, const char *typ, struct str kid);
/* header (with dot) + payload + signature. secret_key is libsodium's 64-byte form. */
struct str jwt_sign(struct arena *a, struct str header, struct str payload_json,
                    const uint8_t secret_key[64]);

/* What a token says of itself before anything is verified: size, three parts, header with exactly
 * one alg, typ, kid, no crit. Only for finding the key. */
struct jwt_parts {
    struct str signing_input;
    struct str payload; /* base64url */
    uint8_t signature[64];
    struct str kid; /* in the arena */
};
/* ERR_invalid_token unless alg is EdDSA and typ equals the one expected (at+jwt). */
MUST_CHECK enum err jwt_split(struct arena *a, struct str token, const char *typ,
                              struct jwt_parts *out);
/* Refuses non-canonical S and small-order points. */
bool jwt_signature_valid(const struct jwt_parts *p, const uint8_t public_key[32]);

/* Claims of our own access tokens. Absent strings have NULL ptr. */
struct jwt_claims {
    struct str iss, sub, aud, client_id, sid, jti, tenant;
    int64_t exp, iat, nbf, auth_time; /* seconds */
};
/* Decodes the payload (duplicate members refused); ERR_invalid_token when a claim has a wrong type
 * or exp, iat, iss, sub or aud is missing. aud may be a string or an array of one. */
MUST_CHECK enum err jwt_read_claims(struct arena *a, const struct jwt_parts *p,
                                    struct jwt_claims *out);
/* exp, nbf, iat against now (seconds) with at most `skew`: ERR_token_expired, ERR_invalid_token. */
MUST_CHECK enum err jwt_check_times(const struct jwt_claims *c, int64_t now, int64_t skew);

/* {"kty":"OKP","crv":"Ed25519","x":…,"kid":…,"use":"sig","alg":"EdDSA"} appended (RFC 8037). */
void jwk_write(struct buf *b, struct str kid, const uint8_t public_key[32]);
/* RFC 7638 thumbprint, base64url, 43 characters. */
void jwk_thumbprint(const uint8_t public_key[32], char out[44]);
/* Fresh pair; secret_key is libsodium's 64-byte form. */
void ed25519_generate(uint8_t public_key[32], uint8_t secret_key[64]);

#endif
