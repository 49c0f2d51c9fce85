/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether a token's session still lives, as authd says (POST /v1/sessions/verify), remembered for a
 * few seconds.
 */
#ifndef AUTHD_VERIFY_SESSION_H
#define AUTHD_VERIFY_SESSION_H

#include "verify/exchange.h"

struct session_cache;

/* url: where to ask. NULL without memory. */
struct session_cache *authdv_sessions_new(const char *url, int64_t keep_s);
void authdv_sessions_free(struct session_cache *s);

/* NONE, SESSION_ENDED, or UNAVAILABLE with *complaint. The token has the form of one. */
enum authd_verify_error authdv_session_check(struct session_cache *s, struct exchanger *x,
                                             struct slice token, int64_t now,
                                             const char **complaint);

/* What {"active":…} in the answer says. */
enum authd_verify_error authdv_session_verdict(struct slice answer);

#endif
