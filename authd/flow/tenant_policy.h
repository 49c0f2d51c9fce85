/* SPDX-License-Identifier: Apache-2.0
 *
 * Policy documents between the API and storage: judged on the way in, shown whole on the way out.
 */
#ifndef AUTHD_FLOW_TENANT_POLICY_H
#define AUTHD_FLOW_TENANT_POLICY_H

#include "flow/call.h"

/* The stored document with the patch applied, in the arena; ERR_validation_failed with problems. */
MUST_CHECK enum err tenant_policy_change(struct call *c, struct str stored, struct str patch,
                                         struct str *out);
/* Replaces the stored document by one that has every member. */
MUST_CHECK enum err tenant_policy_effective(struct arena *a, struct str *document);

#endif
