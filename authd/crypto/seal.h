/* SPDX-License-Identifier: Apache-2.0
 *
 * Secrets at rest. Envelope: root key (file or credential) wraps a key per tenant; the tenant key
 * seals values and is the root of that tenant's keyed hashes. XChaCha20-Poly1305 (IETF
 * construction, random 192-bit nonce); the associated data names tenant, table, column and row, so
 * that a value copied to another place does not open. Format: version (1 byte, 1) || nonce (24) ||
 * ciphertext || tag (16).
 */
#ifndef AUTHD_CRYPTO_SEAL_H
#define AUTHD_CRYPTO_SEAL_H

#include "base/err.h"
#include "base/str.h"

enum { SEAL_KEY_LEN = 32, SEAL_OVERHEAD = 1 + 24 + 16 };

/* Where a sealed value lives. */
struct seal_place {
    struct str tenant; /* id, or "control" */
    struct str table;
    struct str column;
    struct str row; /* id */
};

/* Once per process: sodium_init. */
MUST_CHECK enum err crypto_setup(void);

/* out has room for len + SEAL_OVERHEAD. */
void seal(const uint8_t key[SEAL_KEY_LEN], const struct seal_place *place, const void *plain,
          size_t len, uint8_t *out);
/* out has room for len - SEAL_OVERHEAD; ERR_internal_error when it does not open here. */
MUST_CHECK enum err seal_open(const uint8_t key[SEAL_KEY_LEN], const struct seal_place *place,
                              const void *sealed, size_t len, uint8_t *out);
/* Key number `purpose` under `master`: BLAKE2b keyed derivation with an 8-character context. */
void seal_derive(const uint8_t master[SEAL_KEY_LEN], const char context[8], uint64_t purpose,
                 uint8_t out[SEAL_KEY_LEN]);

/* The root key file: 32 bytes as 64 hex digits and a newline, mode 0600 or stricter, owned by us or
 * root. Writes a new one (O_EXCL) or reads it into guarded memory. */
MUST_CHECK enum err root_key_create(const char *path);
MUST_CHECK enum err root_key_read(const char *path, const uint8_t **key);

#endif
