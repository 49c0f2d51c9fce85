/* SPDX-License-Identifier: Apache-2.0
 *
 * Rate limits as arithmetic: a token bucket and what it is counted by. Who keeps the buckets, and
 * where, is not known here.
 */
#ifndef AUTHD_DOMAIN_RATE_H
#define AUTHD_DOMAIN_RATE_H

#include "domain/policy.h"

/* Zeroed = full: nothing was taken yet. */
struct rate_bucket {
    int64_t used;  /* in 1/60,000 of a request, so that a millisecond gives back a whole number */
    int64_t at_ms; /* when `used` was true, monotonic */
};

/* Takes one request out of a bucket that holds `per_minute` and refills evenly. False when it is
 * empty: nothing is taken and *retry_after_s says when one will be there (at least 1). per_minute 0
 * = no limit. */
bool rate_take(struct rate_bucket *b, int64_t per_minute, int64_t now_ms, int64_t *retry_after_s);

enum rate_scope { RATE_ADDRESS, RATE_IDENTIFIER, RATE_KEY, RATE_TENANT };
/* The tenant's limit per minute, 0 = off. */
int64_t rate_limit(const struct policy *policy, enum rate_scope scope);

/* Whom an address stands for: one IPv4 host, or the /64 that an IPv6 host moves in freely. Bytes
 * only, no padding: may be hashed and compared as memory. */
struct rate_address {
    uint8_t family; /* 4 or 6; 0 = not an address, which is a bucket of its own and never a way
                       around one */
    uint8_t prefix[8];
};

/* From the 4 or 16 bytes of an address in network order. IPv6-mapped IPv4 is that IPv4 address. */
struct rate_address rate_address_prefix(const uint8_t *bytes, size_t len);

#endif
