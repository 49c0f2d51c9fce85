/* SPDX-License-Identifier: Apache-2.0
 *
 * Removes what has expired. A tenant's turn comes every six hours by a due-list in the control
 * database, whether or not anybody uses it; the control database's own comes every hour. In small
 * batches, over one connection at a time within the connection budget, at most JANITOR_TENANTS
 * tenants a round.
 *
 *   sessions       that ended 30 days ago, or are a day past their absolute duration
 *   attempts       nobody touched for 30 days, below the hard stop
 *   audit          of both planes, older than the retention setting
 *   change feed    older than 7 days
 *   keys           of clients, operators and JWKS that ended 90 days ago
 */
#ifndef AUTHD_STORE_JANITOR_H
#define AUTHD_STORE_JANITOR_H

#include "store/db_sync.h"

enum { JANITOR_TENANTS = 50 };

/* What is due now. A tenant whose database cannot be reached loses its turn. */
MUST_CHECK enum err janitor_round(PGconn *control, struct arena *a, int64_t now);

/* The control database alone, and one tenant alone (its connection, session_duration in seconds);
 * *more: there is more of the same to do. */
MUST_CHECK enum err janitor_sweep_control(PGconn *control, struct arena *a, int64_t now);
MUST_CHECK enum err janitor_sweep_tenant(PGconn *c, struct arena *a, int64_t session_duration_s,
                                         int64_t now, bool *more);

#endif
