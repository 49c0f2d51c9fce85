/* SPDX-License-Identifier: Apache-2.0
 *
 * The keys of issuers, fetched when they are needed and kept as long as they may be. Any number of
 * threads that need the same fetch cause one. What cannot be found is remembered too: neither
 * unknown keys nor unknown issuers make anybody ask more than a bounded number of times.
 */
#ifndef AUTHD_VERIFY_KEYS_H
#define AUTHD_VERIFY_KEYS_H

#include "authd/verify.h"
#include "verify/jwks.h"

/* GONE: the issuer is definitely not there, and its keys must not go on. */
enum fetch_result { FETCH_FAILED, FETCH_GONE, FETCH_DONE };

/* Where keys come from; called with no lock held, from several threads. *fresh_s is -1 when the
 * issuer did not say. */
struct key_source {
    enum fetch_result (*fetch)(void *arg, const char *issuer, struct key_set *out,
                               int64_t *fresh_s);
    void *arg;
};

struct key_store;

/* NULL without memory. */
struct key_store *authdv_keys_new(const struct authd_verify_options *o, struct key_source source);
void authdv_keys_free(struct key_store *s);

struct found_key {
    uint8_t bytes[KEY_LEN];
    char owner[TENANT_ID_SIZE];
};
/* NONE, UNKNOWN_KEY or UNAVAILABLE. now: seconds of a clock that only goes forward. */
enum authd_verify_error authdv_key_for(struct key_store *s, const char *issuer, const char *kid,
                                       int64_t now, struct found_key *out);

#endif
