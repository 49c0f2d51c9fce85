/* SPDX-License-Identifier: Apache-2.0
 *
 * What a sign-in form has to know before it is shown.
 */
#ifndef AUTHD_FLOW_SIGN_IN_CONFIG_H
#define AUTHD_FLOW_SIGN_IN_CONFIG_H

#include "flow/call.h"

struct sign_in_config {
    struct str sign_up; /* "open" or "closed" */
    int64_t password_min_length;
    struct str_list methods;
};

/* out: struct sign_in_config. No I/O. */
MUST_CHECK enum err sign_in_config_read(struct call *c);

#endif
