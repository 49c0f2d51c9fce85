/* SPDX-License-Identifier: Apache-2.0
 *
 * PostgreSQL's stored form of a SCRAM-SHA-256 password (RFC 5802, RFC 7677), so that a role can be
 * given a password that the database never sees. One iteration: iterations protect passwords that
 * can be guessed, ours have 256 random bits, and PostgreSQL would pay them at every connection.
 */
#include <assert.h>
#include <sodium.h>
#include <stdio.h>

#include "crypto/token.h"

enum { SALT_LEN = 16, MAC_LEN = 32, SALT_TEXT = 25, MAC_TEXT = 45 };

static void hmac(const void *key, size_t key_len, const void *data, size_t n, uint8_t out[MAC_LEN])
{
    crypto_auth_hmacsha256_state state;
    crypto_auth_hmacsha256_init(&state, key, key_len);
    crypto_auth_hmacsha256_update(&state, data, n);
    crypto_auth_hmacsha256_final(&state, out);
    sodium_memzero(&state, sizeof(state));
}

/* Hi() of RFC 5802 with one iteration: HMAC(password, salt || INT(1)). */
static void salt_password(struct str password, const uint8_t salt[SALT_LEN], uint8_t out[MAC_LEN])
{
    uint8_t block[SALT_LEN + 4];
    memcpy(block, salt, SALT_LEN);
    memcpy(block + SALT_LEN, "\0\0\0\1", 4);
    hmac(password.ptr, password.len, block, sizeof(block), out);
}

static void base64(char *out, size_t room, const uint8_t *bytes, size_t n)
{
    sodium_bin2base64(out, room, bytes, n, sodium_base64_VARIANT_ORIGINAL);
}

void scram_verifier(struct str password, char out[SCRAM_VERIFIER_MAX])
{
    uint8_t salt[SALT_LEN], salted[MAC_LEN], client[MAC_LEN], stored[MAC_LEN], server[MAC_LEN];
    char salt_text[SALT_TEXT], stored_text[MAC_TEXT], server_text[MAC_TEXT];
    random_bytes(salt, sizeof(salt));
    salt_password(password, salt, salted);
    hmac(salted, MAC_LEN, "Client Key", 10, client);
    crypto_hash_sha256(stored, client, MAC_LEN);
    hmac(salted, MAC_LEN, "Server Key", 10, server);
    base64(salt_text, sizeof(salt_text), salt, SALT_LEN);
    base64(stored_text, sizeof(stored_text), stored, MAC_LEN);
    base64(server_text, sizeof(server_text), server, MAC_LEN);
    int n = snprintf(out, SCRAM_VERIFIER_MAX, "SCRAM-SHA-256$1:%s$%s:%s", salt_text, stored_text,
                     server_text);
    assert(n > 0 && n < SCRAM_VERIFIER_MAX);
    sodium_memzero(salted, sizeof(salted));
    sodium_memzero(client, sizeof(client));
    sodium_memzero(server, sizeof(server));
}

void random_password(char out[44])
{
    uint8_t bytes[32];
    random_bytes(bytes, sizeof(bytes));
    base64url_encode(out, bytes, sizeof(bytes));
    out[43] = '\0';
    sodium_memzero(bytes, sizeof(bytes));
}
