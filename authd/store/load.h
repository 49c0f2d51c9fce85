/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads tenants and operators from the control database into the registry.
 */
#ifndef AUTHD_STORE_LOAD_H
#define AUTHD_STORE_LOAD_H

#include <libpq-fe.h>

#include "base/err.h"
#include "base/str.h"

/* Every tenant and operator, and the feed's head as it was before. */
MUST_CHECK enum err load_all(PGconn *c, int64_t *head);
/* Replaces the snapshots of these tenants (comma-separated ids). One that is gone,
 * deleted or unusable is removed. */
MUST_CHECK enum err load_tenants(PGconn *c, struct str ids);
MUST_CHECK enum err load_operators(PGconn *c);

#endif
