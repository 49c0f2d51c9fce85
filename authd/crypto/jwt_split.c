/* SPDX-License-Identifier: Apache-2.0
 *
 * Taking a JWT apart and checking its signature. Everything that can be refused without a key is
 * refused first and by form alone: size, number of parts, spelling, and a header that says exactly
 * what ours say. What a header says about keys (jku, x5u, jwk, x5c) is never looked at.
 */
#include <sodium.h>

#include "base/arena.h"
#include "base/json.h"
#include "crypto/jwt.h"

enum { KID_MAX = 64, SIGNATURE_LEN = crypto_sign_BYTES };

/* Members that change what the bytes mean: extensions we would have to understand (RFC 7515 section
 * 4.1.11), an unencoded payload (RFC 7797), compression and encryption (RFC 7516). */
static const char *const refused_members[] = {"crit", "b64", "zip", "enc"};

static bool has_refused_member(const struct json_members *header)
{
    for (size_t i = 0; i < sizeof(refused_members) / sizeof(refused_members[0]); i++) {
        if (json_members_find(header, str_of(refused_members[i])))
            return true;
    }
    return false;
}

/* STR_NONE when the member is missing or no string. */
static struct str text_member(const struct json_members *header, struct str name)
{
    const struct json_value *value = json_members_find(header, name);
    return value && value->kind == JSON_TEXT_VALUE ? value->text : STR_NONE;
}

/* RFC 7515 section 4.1.9: a media type without regard to case, and "application/" may be left out.
 */
static bool is_type(struct str typ, const char *expected)
{
    static const struct str application = {"application/", 12};
    if (str_ieq(str_slice(typ, 0, application.len), application))
        typ = str_slice(typ, application.len, typ.len);
    return typ.ptr && str_ieq(typ, str_of(expected));
}

static struct str decode_part(struct arena *a, struct str part)
{
    size_t room = part.len / 4 * 3 + 3;
    char *bytes = arena_alloc(a, room);
    size_t n;
    return base64url_decode(part, bytes, room, &n) ? (struct str){bytes, n} : STR_NONE;
}

/* The kid in the arena; STR_NONE when the header is not acceptable. */
static struct str read_header(struct arena *a, struct str part, const char *typ)
{
    struct json_members header;
    struct str text = decode_part(a, part);
    if (!text.ptr || json_read_members(a, text, &header) != ERR_OK || has_refused_member(&header) ||
        !str_eq(text_member(&header, STR("alg")), STR("EdDSA")) ||
        !is_type(text_member(&header, STR("typ")), typ))
        return STR_NONE;
    struct str kid = text_member(&header, STR("kid"));
    return kid.len > 0 && kid.len <= KID_MAX ? kid : STR_NONE;
}

/* Exactly three parts, none empty, and a signature of 64 bytes. */
static bool split_parts(struct str token, struct str *header, struct jwt_parts *out)
{
    struct str rest = token;
    struct str signature;
    size_t n;
    if (token.len > JWT_MAX || !str_split(&rest, '.', header) ||
        !str_split(&rest, '.', &out->payload) || !str_split(&rest, '.', &signature) || rest.ptr)
        return false;
    out->signing_input = str_slice(token, 0, header->len + 1 + out->payload.len);
    return header->len > 0 && out->payload.len > 0 &&
           base64url_decode(signature, out->signature, SIGNATURE_LEN, &n) && n == SIGNATURE_LEN;
}

enum err jwt_split(struct arena *a, struct str token, const char *typ, struct jwt_parts *out)
{
    struct str header;
    *out = (struct jwt_parts){.kid = STR_NONE};
    if (!split_parts(token, &header, out))
        return ERR_invalid_token;
    out->kid = read_header(a, header, typ);
    return out->kid.ptr ? ERR_OK : ERR_invalid_token;
}

bool jwt_signature_valid(const struct jwt_parts *p, const uint8_t public_key[32])
{
    return crypto_sign_verify_detached(p->signature, (const unsigned char *)p->signing_input.ptr,
                                       p->signing_input.len, public_key) == 0;
}
