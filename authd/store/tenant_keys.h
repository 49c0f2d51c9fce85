/* SPDX-License-Identifier: Apache-2.0
 *
 * Everything secret that a new tenant starts with, sealed: its key, the passwords of its two login
 * roles, its first signing key; and the opaque names of its database and roles. Made before
 * anything exists outside the row, so that the row alone is enough to go on from.
 */
#ifndef AUTHD_STORE_TENANT_KEYS_H
#define AUTHD_STORE_TENANT_KEYS_H

#include "store/db.h"
#include "store/envelope.h"

enum { TENANT_NAME_LEN = 2 + ULID_LEN + 4 }; /* t_<ulid>_own */

struct tenant_keys {
    struct id id;
    int64_t now;
    uint8_t wrapped_key[WRAPPED_KEY_LEN];
    uint8_t sealed_passwords[SEALED_PASSWORDS_LEN];
    struct id kid;
    uint8_t public_key[32];
    uint8_t sealed_signing[SEALED_SIGNING_LEN];
    char database[TENANT_NAME_LEN + 1];
    char owner[TENANT_NAME_LEN + 1];
    char login[2][TENANT_NAME_LEN + 1];
};

/* Needs store_config.root_key. */
void tenant_keys_make(int64_t now, struct tenant_keys *out);
/* The row of a spare; keys outlive the query. It does nothing when a finished spare of the schema
 * version `unless_ready` is there; 0 = whatever is there. */
struct db_query tenant_keys_insert(const struct tenant_keys *keys, int unless_ready);

/* A new signing key for an existing tenant. */
struct signing_key_record {
    struct id kid;
    uint8_t public_key[32];
    uint8_t sealed[SEALED_SIGNING_LEN];
};
/* ERR_internal_error when the wrapped key does not open: wrong root key, or a row that was moved.
 */
MUST_CHECK enum err signing_key_make(struct str tenant, struct str wrapped_key, int64_t now,
                                     struct signing_key_record *out);

#endif
