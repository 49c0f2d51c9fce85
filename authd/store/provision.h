/* SPDX-License-Identifier: Apache-2.0
 *
 * From a tenant's row to a database that serves, and back. Every step can be repeated, and is
 * recorded in the row when it is done; whatever kills it, the next attempt goes on from there. One
 * attempt at a time per tenant, over all nodes (an advisory lock). Blocking: on connect workers or
 * the upkeep thread.
 */
#ifndef AUTHD_STORE_PROVISION_H
#define AUTHD_STORE_PROVISION_H

#include "base/arena.h"
#include "base/err.h"
#include "base/id.h"

enum provision_step {
    PROVISION_ROW = 0,  /* keys and names are in the control database */
    PROVISION_ROLES,    /* owner and two login roles exist */
    PROVISION_DATABASE, /* cloned from the template */
    PROVISION_INSIDE,   /* its own owner, grants, settings; closed to everybody else */
    PROVISION_READY
};

/* One tenant, while somebody waits for it. */
struct provision_job {
    struct id tenant;
    enum err result;
    int64_t revision; /* of its activation; 0 when somebody else did it or it is a spare */
};
void provision_job_run(void *job); /* struct provision_job * */

#ifdef AUTHD_FAULTS
/* Tests: called after a step's work (recorded = false) and after it was recorded; true stops there
 * as a kill would. NULL = none. */
extern bool (*provision_stop)(enum provision_step step, bool recorded);
#endif

#endif
