/* SPDX-License-Identifier: Apache-2.0
 *
 * The buckets behind a tenant's rate limits, for the whole process.
 */
#ifndef AUTHD_HTTP_RATE_H
#define AUTHD_HTTP_RATE_H

#include "domain/rate.h"
#include "domain/tenant.h"

/* What is counted: a tenant's scope and who within it (address prefix, key id; nothing for the
 * tenant itself). */
struct rate_key {
    uint64_t tenant; /* tenant->shard */
    enum rate_scope scope;
    uint8_t who[ULID_BYTES];
};

enum { RATE_TABLE_MAX = 32768 };

/* Takes one request from the key's bucket. False when it is empty; *retry_after_s then says when it
 * will not be. now_ms is monotonic. */
bool rate_allow(const struct rate_key *key, int64_t per_minute, int64_t now_ms,
                int64_t *retry_after_s);
/* Buckets in memory, for metrics and tests; at most RATE_TABLE_MAX. */
size_t rate_bucket_count(void);
/* Forgets everything. */
void rate_reset(void);

#endif
