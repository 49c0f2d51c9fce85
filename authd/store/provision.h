/* SPDX-License-Identifier: Apache-2.0
 *
 * From a tenant's row to a database that serves, and back. Every step can be repeated, and none is
 * recorded: whatever kills an attempt, the next one does them all again, and those that were done
 * find that they were. So no record can claim what a crash has taken. One attempt at a time per
 * tenant, over all nodes (an advisory lock). Blocking: on connect workers or the upkeep thread.
 */
#ifndef AUTHD_STORE_PROVISION_H
#define AUTHD_STORE_PROVISION_H

#include "base/arena.h"
#include "base/err.h"
#include "base/id.h"

enum provision_step {
    PROVISION_ROW,      /* keys and names are in the control database */
    PROVISION_ROLES,    /* owner and two login roles exist */
    PROVISION_DATABASE, /* cloned from the template; nobody may connect */
    PROVISION_ACCESS,   /* the login roles may, nobody else */
    PROVISION_INSIDE,   /* they have rows, not tables */
    PROVISION_READY     /* the tenant is active, the spare on the shelf */
};

/* One tenant, while somebody waits for it. */
struct provision_job {
    struct id tenant;
    enum err result;
    int64_t revision; /* of its activation; 0 when somebody else did it or it is a spare */
};
void provision_job_run(void *job); /* struct provision_job * */

#ifdef AUTHD_FAULTS
/* Tests: called when a step is reached; true stops there as a kill would. NULL = none. */
extern bool (*provision_stop)(enum provision_step reached);
#endif

#endif
