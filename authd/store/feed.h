/* SPDX-License-Identifier: Apache-2.0
 *
 * Follows the change feed of the control database on a thread of its own: a notification on channel
 * `authd_change` or half a second, whichever is first, has it read what is newer than the last
 * revision and swap the snapshots of the tenants named there. Notifications only save time; nothing
 * is lost without them.
 */
#ifndef AUTHD_STORE_FEED_H
#define AUTHD_STORE_FEED_H

#include <libpq-fe.h>

#include "base/err.h"
#include "base/id.h"

#define FEED_CHANNEL "authd_change"

/* Reads the feed's head, then every tenant and operator. Takes over c, on which it stays. */
MUST_CHECK enum err feed_load(PGconn *c);
MUST_CHECK enum err feed_start(void);
/* Ends the thread; who waits for a revision fails. */
void feed_stop(void);

/* Reads this tenant again soon, changed or not; from any thread. */
void feed_reread(const struct id *tenant);

int64_t feed_revision(void);
/* Milliseconds since the control database last answered; how stale this node may be. */
int64_t feed_age_ms(void);

#endif
