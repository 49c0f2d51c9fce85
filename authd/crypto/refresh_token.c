/* SPDX-License-Identifier: Apache-2.0
 *
 * Refresh tokens carry which session and which generation they are, and a MAC under a key of the
 * tenant. They are computed, not stored: a copy of the database holds none, and the successor of a
 * token can be made again when the reply that carried it was lost.
 */
#include <sodium.h>

#include "crypto/token.h"

enum {
    PREFIX_LEN = 4,
    MAC_LEN = 28,
    BODY_LEN = ULID_BYTES + 4,
    TOKEN_BYTES = BODY_LEN + MAC_LEN,
};

static const char token_prefix[] = "rft_";
static const char session_prefix[] = "ses_";

/* The prefix is part of what is authenticated, so that no other token of this layout is one. */
static void write_mac(const uint8_t key[32], const uint8_t body[BODY_LEN], uint8_t mac[MAC_LEN])
{
    uint8_t input[PREFIX_LEN + BODY_LEN];
    memcpy(input, token_prefix, PREFIX_LEN);
    memcpy(input + PREFIX_LEN, body, BODY_LEN);
    crypto_generichash(mac, MAC_LEN, input, sizeof(input), key, 32);
}

static void store_be32(uint8_t out[4], uint32_t v)
{
    out[0] = (uint8_t)(v >> 24);
    out[1] = (uint8_t)(v >> 16);
    out[2] = (uint8_t)(v >> 8);
    out[3] = (uint8_t)v;
}

static uint32_t load_be32(const uint8_t in[4])
{
    return (uint32_t)in[0] << 24 | (uint32_t)in[1] << 16 | (uint32_t)in[2] << 8 | in[3];
}

void refresh_token_make(const uint8_t key[32], const struct id *session, uint32_t generation,
                        char out[REFRESH_TOKEN_LEN + 1])
{
    uint8_t bytes[TOKEN_BYTES];
    id_to_bytes(session, bytes);
    store_be32(bytes + ULID_BYTES, generation);
    write_mac(key, bytes, bytes + BODY_LEN);
    memcpy(out, token_prefix, PREFIX_LEN);
    base64url_encode(out + PREFIX_LEN, bytes, sizeof(bytes));
    out[REFRESH_TOKEN_LEN] = '\0';
    sodium_memzero(bytes, sizeof(bytes));
}

static bool decode_token(struct str token, uint8_t out[TOKEN_BYTES])
{
    size_t n;
    return token.len == REFRESH_TOKEN_LEN && str_starts(token, str_of(token_prefix)) &&
           base64url_decode(str_slice(token, PREFIX_LEN, token.len), out, TOKEN_BYTES, &n) &&
           n == TOKEN_BYTES;
}

bool refresh_token_open(const uint8_t key[32], struct str token, struct id *session,
                        uint32_t *generation)
{
    uint8_t bytes[TOKEN_BYTES];
    uint8_t mac[MAC_LEN];
    *session = (struct id){{0}};
    *generation = 0;
    if (!decode_token(token, bytes))
        return false;
    write_mac(key, bytes, mac);
    bool genuine = sodium_memcmp(mac, bytes + BODY_LEN, MAC_LEN) == 0;
    if (genuine) {
        *session = id_from_bytes(session_prefix, bytes);
        *generation = load_be32(bytes + ULID_BYTES);
    }
    sodium_memzero(mac, sizeof(mac)); /* it would be the MAC of a forger's choice */
    return genuine;
}
