/* SPDX-License-Identifier: Apache-2.0
 *
 * Audit rows of a call: who, when, from where.
 */
#ifndef AUTHD_FLOW_EVENT_H
#define AUTHD_FLOW_EVENT_H

#include "flow/call.h"
#include "store/tenant_audit.h"

/* The actor is the signed-in user, else the client whose key was sent; user and session are the
 * signed-in ones, to be set where there are none yet. */
struct tenant_event call_event(const struct call *c, enum event event);
/* Why sessions ended: {"reason":reason}. */
struct str event_reason(struct arena *a, const char *reason);

#endif
