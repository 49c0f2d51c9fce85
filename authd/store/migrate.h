/* SPDX-License-Identifier: Apache-2.0
 *
 * Schema migrations, embedded in the binary: migrations/<plane>/<version>_<name>.sql. Forward only,
 * one transaction each, under an advisory lock, and recorded with a checksum in the table
 * `migration` of the plane's schema; an applied migration whose text has changed is refused.
 *
 * Expand/contract: a database may be ahead of the binary. A migration that older binaries cannot
 * live with says so in a line `-- needs: N`: a binary that does not itself carry migration N must
 * not serve that database.
 */
#ifndef AUTHD_STORE_MIGRATE_H
#define AUTHD_STORE_MIGRATE_H

#include <libpq-fe.h>

#include "base/err.h"

#define SCHEMA_CONTROL "authd_control"
#define SCHEMA_TENANT "authd_data"

/* plane is "control" or "tenant". Creates the schema when it is missing, applies what is missing
 * and leaves search_path of the session at the schema. Runs as whoever the connection is: connect
 * as, or SET ROLE to, the owner first. *version (may be NULL) receives the highest version that the
 * database then has. ERR_conflict: a changed or unservable migration, logged. */
MUST_CHECK enum err migrate_run(PGconn *c, const char *plane, int *version);

/* Reads only: whether this binary may serve the database as it is (nothing of ours missing, nothing
 * that needs a newer binary). ERR_tenant_not_provisioned when not. */
MUST_CHECK enum err migrate_check(PGconn *c, const char *plane);

/* The newest version in this binary. */
int migrate_latest(const char *plane);

#endif
