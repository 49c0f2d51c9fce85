/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as a token, and, because base64 and signatures keep a fuzzer out, any header and
 * payload (separated by the first newline) that our own key has signed.
 */
#include "base/arena.h"
#include "base/json.h"
#include "crypto/jwt.h"
#include "crypto/seal.h"
#include "fuzz.h"

static uint8_t public_key[32];
static uint8_t secret_key[64];

static void setup_once(void)
{
    static bool done;
    if (done)
        return;
    done = true;
    json_setup();
    if (crypto_setup() != ERR_OK)
        __builtin_trap();
    ed25519_generate(public_key, secret_key);
}

static void check_claims(struct arena *arena, const struct jwt_parts *p)
{
    struct jwt_claims c;
    if (jwt_read_claims(arena, p, &c) != ERR_OK) {
        assert(!c.iss.ptr && !c.sub.ptr && !c.aud.ptr && c.exp == 0);
        return;
    }
    assert(c.iss.len > 0 && c.sub.len > 0 && c.aud.len > 0);
    assert(c.exp >= 0 && c.iat >= 0 && c.nbf >= 0 && c.auth_time >= 0);
    assert(jwt_check_times(&c, c.exp + 60, 60) == ERR_token_expired);
}

static bool is_split(struct arena *arena, struct str token, struct jwt_parts *p)
{
    enum err e = jwt_split(arena, token, "at+jwt", p);
    assert(e == ERR_OK || e == ERR_invalid_token);
    assert((e == ERR_OK) == (p->kid.ptr != NULL));
    if (e)
        return false;
    assert(token.len <= JWT_MAX && p->kid.len > 0 && p->kid.len <= 64 && utf8_valid(p->kid));
    assert(p->signing_input.ptr == token.ptr && p->signing_input.len == token.len - 87);
    return true;
}

static struct str forge(struct arena *arena, struct str text)
{
    struct str header;
    struct str payload = text;
    struct buf b;
    if (!str_split(&payload, '\n', &header) || !payload.ptr)
        payload = STR("{}");
    buf_init(&b, arena, 0);
    char *to = buf_reserve(&b, BASE64URL_LEN(header.len));
    b.len += base64url_encode(to, header.ptr, header.len);
    buf_char(&b, '.');
    return jwt_sign(arena, buf_view(&b), payload, secret_key);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = {(const char *)data, size};
    struct arena *arena = arena_create(0);
    struct jwt_parts p;
    setup_once();
    if (is_split(arena, text, &p)) {
        assert(!jwt_signature_valid(&p, public_key));
        check_claims(arena, &p);
    }
    if (is_split(arena, forge(arena, text), &p)) {
        assert(jwt_signature_valid(&p, public_key));
        check_claims(arena, &p);
    }
    arena_destroy(arena);
    return 0;
}
