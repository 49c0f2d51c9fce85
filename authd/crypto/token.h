/* SPDX-License-Identifier: Apache-2.0
 *
 * Opaque credentials: client and operator keys, refresh tokens, and hashes of what people type.
 *
 * Key:  pk_live_ + 24 base62 characters (142 random bits) + 6 base62 characters of CRC-32 over what
 * precedes, so that a typo or a random string is refused without look-up and secret scanners can
 * match it. Stored only as SHA-256. Refresh token:  rft_ + base64url of session ULID (16) ||
 * generation (4, big endian) || MAC (28), 68 characters. The MAC is keyed BLAKE2b under a key of
 * the tenant: nothing in the database alone is a token.
 */
#ifndef AUTHD_CRYPTO_TOKEN_H
#define AUTHD_CRYPTO_TOKEN_H

#include "base/err.h"
#include "base/id.h"

enum {
    KEY_RANDOM_LEN = 24,
    KEY_CHECK_LEN = 6,
    KEY_TEXT_MAX = 8 + KEY_RANDOM_LEN + KEY_CHECK_LEN,
    REFRESH_TOKEN_LEN = 4 + 64,
    TOKEN_HASH_LEN = 32
};

/* prefix "pk_live_", "sk_test_", "op_" …; NUL-terminated text into out. */
void key_generate(const char *prefix, char out[KEY_TEXT_MAX + 1]);
/* Well-formed with a right checksum; *prefix_len receives the length of its prefix. No look-up. */
bool key_check(struct str key, size_t *prefix_len);
/* SHA-256 of the whole text. */
void key_hash(struct str key, uint8_t out[TOKEN_HASH_LEN]);

void refresh_token_make(const uint8_t key[32], const struct id *session, uint32_t generation,
                        char out[REFRESH_TOKEN_LEN + 1]);
/* Checks form and MAC (constant time). */
bool refresh_token_open(const uint8_t key[32], struct str token, struct id *session,
                        uint32_t *generation);

/* Keyed BLAKE2b-256. */
void keyed_hash(const uint8_t key[32], struct str data, uint8_t out[32]);
/* SHA-256, for ETags and checksums. */
void plain_hash(struct str data, uint8_t out[32]);

/* PostgreSQL's stored form of a SCRAM-SHA-256 verifier (RFC 5803 form) with one iteration for a
 * password of 256 random bits. NUL-terminated, at most 140 bytes. */
enum { SCRAM_VERIFIER_MAX = 160 };
void scram_verifier(struct str password, char out[SCRAM_VERIFIER_MAX]);
/* 256 random bits as 43 base64url characters, NUL-terminated. */
void random_password(char out[44]);

#endif
