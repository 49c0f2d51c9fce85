/* SPDX-License-Identifier: Apache-2.0
 *
 * The signed-in user, read and changed by themselves.
 */
#ifndef AUTHD_FLOW_ME_H
#define AUTHD_FLOW_ME_H

#include "flow/views.h"

struct me_changes {
    struct str name; /* NULL ptr = remove */
    bool has_name;
    bool has_metadata;
    struct str metadata; /* replaces public_metadata as a whole; NULL ptr = {} */
};

/* out: struct user_view, from the row that authenticated the request: no further round trip. */
MUST_CHECK enum err me_read(struct call *c);
/* in: struct me_changes; out: struct user_view. */
MUST_CHECK enum err me_update(struct call *c);

#endif
