/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading a key set. Other algorithms' keys may stand beside ours and are passed over; a set that
 * is wrong in what concerns us is wrong as a whole, because half a key set would turn good tokens
 * away for as long as it is cached.
 */
#include "verify/jwks.h"

static bool member_is(const json_t *key, const char *name, struct slice value)
{
    return slice_eq(authdv_json_text(key, name), value);
}

static bool absent_or(const json_t *key, const char *name, struct slice value)
{
    return !json_object_get(key, name) || member_is(key, name, value);
}

static bool is_for_eddsa_signatures(const json_t *key)
{
    return member_is(key, "kty", SLICE("OKP")) && member_is(key, "crv", SLICE("Ed25519")) &&
           absent_or(key, "use", SLICE("sig")) && absent_or(key, "alg", SLICE("EdDSA"));
}

/* A private part in public means that the key is anybody's. */
static bool read_key(const json_t *key, struct public_key *out)
{
    size_t n;
    return !json_object_get(key, "d") &&
           authdv_copy_text(out->kid, sizeof(out->kid), authdv_json_text(key, "kid")) &&
           authdv_base64url(authdv_json_text(key, "x"), out->bytes, sizeof(out->bytes), &n) &&
           n == sizeof(out->bytes);
}

const struct public_key *authdv_key_find(const struct key_set *set, const char *kid)
{
    for (size_t i = 0; i < set->n; i++) {
        if (strcmp(set->keys[i].kid, kid) == 0)
            return &set->keys[i];
    }
    return NULL;
}

static bool read_keys(const json_t *keys, struct key_set *out)
{
    size_t i;
    const json_t *key;
    if (!json_is_array(keys) || json_array_size(keys) > KEYS_MAX)
        return false;
    json_array_foreach(keys, i, key)
    {
        struct public_key *next = &out->keys[out->n];
        if (!json_is_object(key))
            return false;
        if (!is_for_eddsa_signatures(key))
            continue;
        if (!read_key(key, next) || authdv_key_find(out, next->kid))
            return false;
        out->n++;
    }
    return true;
}

bool authdv_jwks_read(struct slice text, struct key_set *out)
{
    *out = (struct key_set){.n = 0};
    json_t *document = text.len <= JWKS_MAX ? authdv_json_object(text) : NULL;
    bool good =
        document &&
        authdv_copy_text(out->owner, sizeof(out->owner), authdv_json_text(document, "tenant")) &&
        read_keys(json_object_get(document, "keys"), out);
    json_decref(document);
    if (!good)
        *out = (struct key_set){.n = 0};
    return good;
}
