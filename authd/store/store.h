/* SPDX-License-Identifier: Apache-2.0
 *
 * Life of the storage floor: one store per process, a part of it on every loop.
 */
#ifndef AUTHD_STORE_STORE_H
#define AUTHD_STORE_STORE_H

#include "base/err.h"
#include "base/loop.h"
#include "base/worker.h"

struct store_config {
    const char *control_url; /* libpq conninfo or URI of the control database */
    const char
        *provisioner_url;    /* of a role that may create roles and databases; NULL = control_url */
    const uint8_t *root_key; /* guarded memory */
    const char *public_url;  /* issuers are public_url/t/slug */
    unsigned loops;
    unsigned connection_budget; /* tenant connections of this process; 0 = 80 % of the server's free
                                   slots */
    unsigned connections_per_tenant; /* on one loop, 1-4 */
    int64_t idle_timeout_ms;         /* a tenant's idle connections close after this; 0 = never */
    int64_t statement_timeout_ms;    /* on shared connections */
    int64_t connect_timeout_ms;
    int64_t signing_key_max_age_s; /* rotation by age; 0 = off */
    int64_t audit_retention_s;     /* audit rows older than this are removed; 0 = never */
    unsigned spare_databases;      /* pre-made tenant databases to keep ready */
    struct workers *connectors;    /* threads that open connections and provision */
};

/* Connects to the control database, checks its schema version and the root key, loads every tenant.
 * Blocking; before the loops run. Logs why it failed, with the remedy. */
MUST_CHECK enum err store_open(const struct store_config *config);
/* On each loop's thread, first and last. */
void store_loop_start(struct loop *l);
void store_loop_stop(struct loop *l);
/* Starts the threads that follow the change feed, keep spares, rotate keys and sweep (see feed.h,
 * janitor.h). */
MUST_CHECK enum err store_start_background(void);
/* Stops them and forgets every secret. */
void store_close(void);

/* Both read-only after store_open. */
extern struct store_config store_config;
extern const char *store_tenant_server; /* conninfo of where the tenants' databases are */

struct store_stats {
    unsigned connections; /* open to tenant databases */
    unsigned budget;
    unsigned pools;   /* tenants with a connection, summed over loops */
    unsigned waiting; /* calls waiting for a connection */
    uint64_t evicted;
    uint64_t connect_failures;
    uint64_t calls;
    unsigned tenants;
    int64_t feed_revision;
    int64_t feed_age_ms; /* since the feed was last read; how stale this node may be */
};
void store_stats(struct store_stats *out);

#endif
