/* SPDX-License-Identifier: Apache-2.0
 *
 * What every operator's flow does around its one write: who is writing, and waiting until this node
 * serves what was written.
 */
#ifndef AUTHD_FLOW_OPERATOR_CALL_H
#define AUTHD_FLOW_OPERATOR_CALL_H

#include "flow/call.h"
#include "store/control.h"

struct control_write operator_write(const struct call *c);
/* Returns once this node serves the revision (0: nothing changed). The write is durable in any
 * case, so a node that lags behind is a warning, not a failure. */
void operator_written(int64_t revision);

/* The resource's version as ETag. */
void etag_set(struct call *c, int64_t revision);
/* If-Match as a revision, 0 when absent; ERR_precondition_failed when it cannot be one of ours. */
MUST_CHECK enum err if_match_revision(const struct call *c, int64_t *revision);

/* A new credential: what is stored, and the text that is shown once, in the arena. prefix:
 * "pk_live_", "op_" … */
struct str credential_make(const struct call *c, const char *prefix, struct key_record *out);
/* The same for a client's key of this kind ("publishable", "secret") and environment. */
struct str client_credential_make(const struct call *c, struct str kind, struct str environment,
                                  struct key_record *out);

#endif
