/* SPDX-License-Identifier: Apache-2.0
 *
 * The background of the control plane, one thread: finishes what a crash left half-provisioned,
 * drops deleted tenants' databases, keeps spare databases ready, rotates signing keys by age, and
 * runs the janitor. Any number of nodes may run it: work is taken under locks or by conditional
 * updates. store_start_background starts it, store_close stops it.
 */
#ifndef AUTHD_STORE_UPKEEP_H
#define AUTHD_STORE_UPKEEP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

MUST_CHECK enum err upkeep_start(void);
/* Interrupts what the round does in a provisioner's database, waits for any other piece of work. */
void upkeep_stop(void);
/* There is something to do: a spare was taken, a tenant was deleted, provisioning failed. From any
 * thread. */
void upkeep_wake(void);

/* One round, for the thread and for tests. Each kind of work goes on when another fails; the first
 * error is returned. */
MUST_CHECK enum err upkeep_round(int64_t now);
/* Between two pieces of work: whether upkeep_stop was called. */
bool upkeep_stopping(void);

#endif
