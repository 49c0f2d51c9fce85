/* SPDX-License-Identifier: Apache-2.0
 *
 * Making a JWT: the header is made once per key, so that a token costs two encodings into a buffer
 * of the final size and one signature.
 */
#include <sodium.h>

#include "base/arena.h"
#include "base/json.h"
#include "crypto/jwt.h"

enum { SIGNATURE_TEXT = BASE64URL_LEN(crypto_sign_BYTES) };

static struct str header_json(struct arena *a, const char *typ, struct str kid)
{
    struct buf b;
    struct json_writer w;
    buf_init(&b, a, 64 + kid.len);
    json_start(&w, &b);
    json_object_start(&w);
    json_member(&w, "alg");
    json_str_value(&w, STR("EdDSA"));
    json_member(&w, "typ");
    json_str_value(&w, str_of(typ));
    json_member(&w, "kid");
    json_str_value(&w, kid);
    json_object_end(&w);
    return buf_view(&b);
}

struct str jwt_header(struct arena *a, const char *typ, struct str kid)
{
    struct str json = header_json(a, typ, kid);
    char *text = arena_alloc(a, BASE64URL_LEN(json.len) + 1);
    size_t n = base64url_encode(text, json.ptr, json.len);
    text[n++] = '.';
    return (struct str){text, n};
}

struct str jwt_sign(struct arena *a, struct str header, struct str payload_json,
                    const uint8_t secret_key[64])
{
    uint8_t signature[crypto_sign_BYTES];
    size_t size = header.len + BASE64URL_LEN(payload_json.len) + 1 + SIGNATURE_TEXT;
    char *text = arena_alloc(a, size);
    memcpy(text, header.ptr, header.len);
    size_t n = header.len;
    n += base64url_encode(text + n, payload_json.ptr, payload_json.len);
    crypto_sign_detached(signature, NULL, (const unsigned char *)text, n, secret_key);
    text[n++] = '.';
    n += base64url_encode(text + n, signature, sizeof(signature));
    return (struct str){text, n};
}
