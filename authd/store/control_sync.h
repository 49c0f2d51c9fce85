/* SPDX-License-Identifier: Apache-2.0
 *
 * Control writes from threads that may block: the same transaction as control_run's, over one's own
 * connection.
 */
#ifndef AUTHD_STORE_CONTROL_SYNC_H
#define AUTHD_STORE_CONTROL_SYNC_H

#include "store/control.h"
#include "store/db_sync.h"

MUST_CHECK enum err control_sync_connect(PGconn **out);
MUST_CHECK enum err control_sync_run(PGconn *c, struct arena *a, const struct control_write *w,
                                     const struct db_query *query, const struct db_rows **rows);

#endif
