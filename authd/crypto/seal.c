/* SPDX-License-Identifier: Apache-2.0
 *
 * Authenticated encryption of values at rest, bound to the place they were written to, and the
 * keys derived from a tenant's key. Nonces are 192 random bits: no counter to keep, none to repeat.
 */
#include <sodium.h>

#include "base/id.h"
#include "base/log.h"
#include "crypto/seal.h"

enum {
    VERSION = 1,
    NONCE_LEN = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
    PLACE_LEN = 32,
};

static void add_part(crypto_generichash_state *state, struct str part)
{
    uint64_t n = part.len;
    uint8_t length[8];
    for (int i = 0; i < 8; i++)
        length[i] = (uint8_t)(n >> (8 * i));
    crypto_generichash_update(state, length, sizeof(length));
    crypto_generichash_update(state, (const unsigned char *)part.ptr, part.len);
}

/* A digest of fixed length stands for the place: parts carry their lengths, so that no two places
 * share one. */
static void digest_place(const struct seal_place *place, uint8_t out[PLACE_LEN])
{
    static const uint8_t version = VERSION;
    crypto_generichash_state state;
    crypto_generichash_init(&state, NULL, 0, PLACE_LEN);
    crypto_generichash_update(&state, &version, sizeof(version));
    add_part(&state, place->tenant);
    add_part(&state, place->table);
    add_part(&state, place->column);
    add_part(&state, place->row);
    crypto_generichash_final(&state, out, PLACE_LEN);
}

void seal(const uint8_t key[SEAL_KEY_LEN], const struct seal_place *place, const void *plain,
          size_t len, uint8_t *out)
{
    uint8_t where[PLACE_LEN];
    uint8_t *nonce = out + 1;
    digest_place(place, where);
    out[0] = VERSION;
    random_bytes(nonce, NONCE_LEN);
    crypto_aead_xchacha20poly1305_ietf_encrypt(nonce + NONCE_LEN, NULL, plain, len, where,
                                               sizeof(where), NULL, nonce, key);
}

static bool opens(const uint8_t key[SEAL_KEY_LEN], const struct seal_place *place,
                  const uint8_t *sealed, size_t len, uint8_t *out)
{
    uint8_t where[PLACE_LEN];
    if (len < SEAL_OVERHEAD || sealed[0] != VERSION)
        return false;
    digest_place(place, where);
    const uint8_t *nonce = sealed + 1;
    return crypto_aead_xchacha20poly1305_ietf_decrypt(out, NULL, NULL, nonce + NONCE_LEN,
                                                      len - 1 - NONCE_LEN, where, sizeof(where),
                                                      nonce, key) == 0;
}

enum err seal_open(const uint8_t key[SEAL_KEY_LEN], const struct seal_place *place,
                   const void *sealed, size_t len, uint8_t *out)
{
    if (opens(key, place, sealed, len, out))
        return ERR_OK;
    log_error("seal_open_failed", LOG_STR("tenant", place->tenant), LOG_STR("table", place->table),
              LOG_STR("column", place->column), LOG_STR("row", place->row));
    return ERR_internal_error;
}

void seal_derive(const uint8_t master[SEAL_KEY_LEN], const char context[8], uint64_t purpose,
                 uint8_t out[SEAL_KEY_LEN])
{
    crypto_kdf_derive_from_key(out, SEAL_KEY_LEN, purpose, context, master);
}
