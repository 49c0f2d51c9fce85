/* SPDX-License-Identifier: Apache-2.0
 *
 * Taking a token apart (RFC 7515, 9068) and checking its signature. The algorithm is Ed25519
 * because the keys are; the header may only agree. What it says about keys (jku, x5u, jwk, x5c) is
 * never looked at.
 */
#include "verify/token.h"

#include <sodium.h>

/* Extensions one would have to understand (RFC 7515 section 4.1.11), an unencoded payload
 * (RFC 7797), compression and encryption (RFC 7516). */
static const char *const refused_members[] = {"crit", "b64", "zip", "enc"};

static bool has_refused_member(const json_t *header)
{
    for (size_t i = 0; i < sizeof(refused_members) / sizeof(refused_members[0]); i++) {
        if (json_object_get(header, refused_members[i]))
            return true;
    }
    return false;
}

/* RFC 7515 section 4.1.9: without regard to case, and "application/" may be left out. */
static bool is_access_token_type(struct slice typ)
{
    static const struct slice application = {"application/", 12};
    if (typ.len > application.len &&
        authdv_same_word((struct slice){typ.ptr, application.len}, application)) {
        typ.ptr += application.len;
        typ.len -= application.len;
    }
    return authdv_same_word(typ, SLICE("at+jwt"));
}

static bool header_is_ours(const json_t *header, char kid[KID_SIZE])
{
    return !has_refused_member(header) &&
           slice_eq(authdv_json_text(header, "alg"), SLICE("EdDSA")) &&
           is_access_token_type(authdv_json_text(header, "typ")) &&
           authdv_copy_text(kid, KID_SIZE, authdv_json_text(header, "kid"));
}

static bool read_header(struct slice encoded, char kid[KID_SIZE])
{
    char text[TOKEN_PART_MAX];
    size_t n;
    if (!authdv_base64url(encoded, text, sizeof(text), &n))
        return false;
    json_t *header = authdv_json_object((struct slice){text, n});
    bool ours = header && header_is_ours(header, kid);
    json_decref(header);
    return ours;
}

/* The piece of *rest before the next dot, which is taken off too. */
static struct slice cut(struct slice *rest)
{
    const char *dot = rest->len ? memchr(rest->ptr, '.', rest->len) : NULL;
    struct slice piece = {rest->ptr, dot ? (size_t)(dot - rest->ptr) : rest->len};
    *rest = dot ? (struct slice){dot + 1, rest->len - piece.len - 1} : (struct slice){NULL, 0};
    return piece;
}

/* Exactly three parts: a fourth would leave a rest, a missing one is empty. */
bool authdv_token_split(struct slice text, struct token *out)
{
    struct slice rest = text;
    size_t n;
    if (text.len > TOKEN_MAX)
        return false;
    struct slice header = cut(&rest);
    struct slice payload = cut(&rest);
    struct slice signature = cut(&rest);
    if (rest.ptr || header.len == 0 || payload.len == 0)
        return false;
    out->signing_input = (struct slice){text.ptr, header.len + 1 + payload.len};
    return authdv_base64url(signature, out->signature, sizeof(out->signature), &n) &&
           n == sizeof(out->signature) &&
           authdv_base64url(payload, out->payload, sizeof(out->payload), &out->payload_len) &&
           read_header(header, out->kid);
}

bool authdv_signature_valid(const struct token *t, const uint8_t public_key[KEY_LEN])
{
    return crypto_sign_verify_detached(t->signature, (const unsigned char *)t->signing_input.ptr,
                                       t->signing_input.len, public_key) == 0;
}
