/* SPDX-License-Identifier: Apache-2.0
 *
 * The forger of verify_forge.h.
 */
#include "support/verify_forge.h"

#include "base/arena.h"
#include "base/json.h"
#include "crypto/jwt.h"
#include "crypto/seal.h"

void forge_init(struct forge *f)
{
    f->arena = arena_create(0);
    if (crypto_setup() != ERR_OK)
        __builtin_trap();
    ed25519_generate(f->public_key, f->secret_key);
}

void forge_free(struct forge *f)
{
    arena_destroy(f->arena);
}

struct str forge_base64(struct forge *f, struct str bytes)
{
    struct buf b;
    buf_init(&b, f->arena, 0);
    b.len += base64url_encode(buf_reserve(&b, BASE64URL_LEN(bytes.len)), bytes.ptr, bytes.len);
    return buf_view(&b);
}

struct str forge_token(struct forge *f, struct str header, struct str payload)
{
    struct buf b;
    buf_init(&b, f->arena, 0);
    buf_str(&b, forge_base64(f, header));
    buf_char(&b, '.');
    return jwt_sign(f->arena, buf_view(&b), payload, f->secret_key);
}

struct str forge_jwks(struct forge *f, const char *kid, const char *owner)
{
    struct buf b;
    buf_init(&b, f->arena, 0);
    buf_lit(&b, "{\"keys\":[");
    jwk_write(&b, str_of(kid), f->public_key);
    buf_lit(&b, "],\"tenant\":");
    buf_json(&b, str_of(owner));
    buf_char(&b, '}');
    return buf_view(&b);
}
