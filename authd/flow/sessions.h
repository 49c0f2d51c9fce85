/* SPDX-License-Identifier: Apache-2.0
 *
 * A user's own sessions: see them, end one, end all others.
 */
#ifndef AUTHD_FLOW_SESSIONS_H
#define AUTHD_FLOW_SESSIONS_H

#include "flow/views.h"

struct session_list_request {
    int64_t limit; /* 0 = the default */
    struct str cursor;
};
struct session_list_answer {
    struct session_view_list {
        const struct session_view *items;
        size_t n;
    } data;
    bool has_more;
    struct str next_cursor; /* NULL ptr = null */
};
/* in: struct session_list_request; out: struct session_list_answer; newest first. */
MUST_CHECK enum err own_sessions_list(struct call *c);

struct session_end_request {
    struct id id;
};
/* in: struct session_end_request. ERR_not_found unless it is a living session of the user. */
MUST_CHECK enum err own_sessions_end_one(struct call *c);
/* Every session but the request's own. */
MUST_CHECK enum err own_sessions_end_others(struct call *c);

#endif
