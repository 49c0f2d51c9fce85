/* SPDX-License-Identifier: Apache-2.0
 *
 * Why somebody cannot sign in: what the tenant's own server may ask before it unlocks.
 */
#ifndef AUTHD_FLOW_LOCKOUT_H
#define AUTHD_FLOW_LOCKOUT_H

#include "flow/call.h"

struct lockout_request {
    struct str email;
};

struct lockout_answer {
    int64_t failures;     /* in a row */
    int64_t locked_until; /* wall ms, 0 = free to try */
    bool disabled;        /* at the hard stop: only an unlock helps */
};

/* in: struct lockout_request, out: struct lockout_answer. An identifier that nobody has answers
 * like one that nobody guessed at. */
MUST_CHECK enum err lockout_read(struct call *c);

#endif
