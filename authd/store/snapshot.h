/* SPDX-License-Identifier: Apache-2.0
 *
 * From rows of the control database to a struct tenant.
 */
#ifndef AUTHD_STORE_SNAPSHOT_H
#define AUTHD_STORE_SNAPSHOT_H

#include "base/err.h"
#include "domain/tenant.h"
#include "store/db.h"

/* The load statements' rows, all ordered by tenant id, how far each has been used up, and what
 * building one tenant found out for the next. */
struct snapshot_rows {
    const struct db_rows *tenants;
    const struct db_rows *clients;
    const struct db_rows *keys;
    const struct db_rows *signing_keys;
    size_t next_client;
    size_t next_key;
    size_t next_signing_key;
    struct str same_document; /* a policy document of these rows, and what it says */
    struct policy same_policy;
};

/* Tenant number `row`, with one reference; rows must be asked for in ascending order. Fails,
 * logged, when a seal does not open or the policy is not valid. */
MUST_CHECK enum err snapshot_build(struct snapshot_rows *rows, size_t row, int64_t now,
                                   struct tenant **out);

/* The same tenant as of `now`, without the documents that t may have; shares all else with it. */
struct tenant *snapshot_refresh(struct tenant *t, int64_t now);

#endif
