/* SPDX-License-Identifier: Apache-2.0
 *
 * Ed25519 keys as the world sees them: a fresh pair, the JWK of the public half (RFC 8037) and its
 * thumbprint (RFC 7638).
 */
#include <sodium.h>

#include "base/json.h"
#include "crypto/jwt.h"

enum { X_LEN = BASE64URL_LEN(crypto_sign_PUBLICKEYBYTES) };

void ed25519_generate(uint8_t public_key[32], uint8_t secret_key[64])
{
    crypto_sign_keypair(public_key, secret_key);
}

static void write_pair(struct json_writer *w, struct str key, struct str value)
{
    json_key(w, key);
    json_str_value(w, value);
}

void jwk_write(struct buf *b, struct str kid, const uint8_t public_key[32])
{
    char x[X_LEN];
    struct json_writer w;
    base64url_encode(x, public_key, crypto_sign_PUBLICKEYBYTES);
    json_start(&w, b);
    json_object_start(&w);
    write_pair(&w, STR("kty"), STR("OKP"));
    write_pair(&w, STR("crv"), STR("Ed25519"));
    write_pair(&w, STR("x"), (struct str){x, X_LEN});
    write_pair(&w, STR("kid"), kid);
    write_pair(&w, STR("use"), STR("sig"));
    write_pair(&w, STR("alg"), STR("EdDSA"));
    json_object_end(&w);
}

/* The required members in lexical order, without white space. */
void jwk_thumbprint(const uint8_t public_key[32], char out[44])
{
    static const char head[] = "{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"";
    enum { HEAD_LEN = sizeof(head) - 1 };
    char text[HEAD_LEN + X_LEN + 2];
    uint8_t digest[crypto_hash_sha256_BYTES];
    memcpy(text, head, HEAD_LEN);
    base64url_encode(text + HEAD_LEN, public_key, crypto_sign_PUBLICKEYBYTES);
    memcpy(text + HEAD_LEN + X_LEN, "\"}", 2);
    crypto_hash_sha256(digest, (const unsigned char *)text, sizeof(text));
    base64url_encode(out, digest, sizeof(digest));
    out[43] = '\0';
}
