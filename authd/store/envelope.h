/* SPDX-License-Identifier: Apache-2.0
 *
 * What is sealed where: root key -> tenant key -> value, each bound to its tenant, table, column
 * and row, so that a value copied anywhere else does not open. Everybody who writes or reads a
 * sealed column of the control database goes through here, and nobody else names a place.
 */
#ifndef AUTHD_STORE_ENVELOPE_H
#define AUTHD_STORE_ENVELOPE_H

#include "base/id.h"
#include "crypto/seal.h"
#include "domain/tenant.h"

enum {
    WRAPPED_KEY_LEN = SEAL_KEY_LEN + SEAL_OVERHEAD, /* tenant.wrapped_key */
    DB_PASSWORD_LEN = 43,                           /* random_password without its NUL */
    DB_PASSWORDS_LEN = 2 * DB_PASSWORD_LEN,         /* of login role 1, then of login role 2 */
    SEALED_PASSWORDS_LEN = DB_PASSWORDS_LEN + SEAL_OVERHEAD,  /* tenant.sealed_passwords */
    SIGNING_SECRET_LEN = 64,                                  /* libsodium's form */
    SEALED_SIGNING_LEN = SIGNING_SECRET_LEN + SEAL_OVERHEAD,  /* signing_key.sealed_secret */
    KEY_CHECK_TEXT_LEN = 14,                                  /* "authd root key" */
    SEALED_KEY_CHECK_LEN = KEY_CHECK_TEXT_LEN + SEAL_OVERHEAD /* instance.key_check */
};

/* The tenant key under the root key. */
void envelope_tenant_key_wrap(const uint8_t root[SEAL_KEY_LEN], struct str tenant,
                              const uint8_t key[SEAL_KEY_LEN], uint8_t out[WRAPPED_KEY_LEN]);
/* ERR_internal_error when it does not open here; the caller wipes key. */
MUST_CHECK enum err envelope_tenant_key_unwrap(const uint8_t root[SEAL_KEY_LEN], struct str tenant,
                                               struct str wrapped, uint8_t key[SEAL_KEY_LEN]);

/* Both login passwords under the tenant key, one after the other, no NUL. */
void envelope_passwords_seal(const uint8_t key[SEAL_KEY_LEN], struct str tenant,
                             const char passwords[DB_PASSWORDS_LEN],
                             uint8_t out[SEALED_PASSWORDS_LEN]);
MUST_CHECK enum err envelope_passwords_open(const uint8_t key[SEAL_KEY_LEN], struct str tenant,
                                            struct str sealed, char passwords[DB_PASSWORDS_LEN]);

/* The secret half of signing key `kid` under the tenant key. */
void envelope_signing_seal(const uint8_t key[SEAL_KEY_LEN], struct str tenant, struct str kid,
                           const uint8_t secret[SIGNING_SECRET_LEN],
                           uint8_t out[SEALED_SIGNING_LEN]);
MUST_CHECK enum err envelope_signing_open(const uint8_t key[SEAL_KEY_LEN], struct str tenant,
                                          struct str kid, struct str sealed,
                                          uint8_t secret[SIGNING_SECRET_LEN]);

/* instance.key_check: a known text under the root key, so that a wrong key file is noticed before
 * anything is written with it. */
void envelope_key_check_seal(const uint8_t root[SEAL_KEY_LEN], struct str instance,
                             uint8_t out[SEALED_KEY_CHECK_LEN]);
bool envelope_key_check_ok(const uint8_t root[SEAL_KEY_LEN], struct str instance,
                           struct str sealed);

/* A tenant's working keys, each derived from the tenant key for one purpose. */
void envelope_derive(const uint8_t key[SEAL_KEY_LEN], struct tenant_secrets *out);

#endif
