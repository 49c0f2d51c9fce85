/* SPDX-License-Identifier: Apache-2.0
 *
 * One call of one capability: who calls, on which tenant, when, with what input, and where the
 * output goes. The http floor fills it and has already checked the route's `need`; a flow decides,
 * stores and answers, and never sees HTTP.
 */
#ifndef AUTHD_FLOW_CALL_H
#define AUTHD_FLOW_CALL_H

#include "base/arena.h"
#include "base/worker.h"
#include "domain/problem.h"
#include "domain/tenant.h"
#include "domain/user.h"
#include "store/registry.h"

/* The whole authorisation vocabulary: what a route needs. */
enum need {
    NEED_NOTHING = 1, /* public; the tenant, where there is one, is named by /t/{slug} */
    NEED_PUBLISHABLE, /* publishable or secret key */
    NEED_SECRET,      /* secret key */
    NEED_USER, /* a user's access token with a live session; a key may come along and must be the
                  same tenant's */
    NEED_OPERATOR,      /* operator key, any role */
    NEED_OPERATOR_WRITE /* operator key of role admin */
};

struct call {
    struct arena *arena;
    int64_t now; /* wall ms, the same for the whole call */
    struct str request_id;
    struct str address;    /* client address as text, for sessions and audit */
    struct str user_agent; /* at most 256 bytes */

    const struct tenant
        *tenant; /* referenced for the duration of the call; NULL on control routes */
    const struct client *client; /* by key; NULL without */
    enum key_kind key_kind;
    /* NEED_USER: the row of this very request, read with the current policy. */
    const struct session *session;
    const struct user *user;
    const struct operator_entry *operator; /* NEED_OPERATOR* */

    const void *in; /* the route's input struct, decoded and within the field rows' limits */
    void *out;      /* the route's output struct, zeroed */

    /* Filled by a flow that fails. */
    struct problems problems; /* with ERR_validation_failed */
    int64_t retry_after_s;    /* with 429/503, 0 = the error row's */
    struct str if_match;      /* the request's If-Match without quotes, NULL ptr when absent */
    struct str etag;          /* set by flows of config resources, without quotes */
};

typedef enum err (*flow_fn)(struct call *);

/* Process-wide parts that flows use; filled by the server before the loops run. */
struct flow_config {
    struct workers *hashers;
    const char *public_url;
    int64_t audit_retention_s;
};
extern struct flow_config flow_config;

#endif
