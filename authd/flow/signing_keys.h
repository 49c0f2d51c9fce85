/* SPDX-License-Identifier: Apache-2.0
 *
 * Signing keys of a tenant, by operators: what is in its JWKS, and rotation.
 */
#ifndef AUTHD_FLOW_SIGNING_KEYS_H
#define AUTHD_FLOW_SIGNING_KEYS_H

#include "flow/page.h"
#include "store/control_signing_keys.h"

struct signing_key_list_in {
    struct str tenant;
    struct page_in page;
};

struct signing_key_rotate_in {
    struct str tenant;
    bool revoke; /* drop all present keys at once: a leaked one */
};

struct signing_key_out {
    struct signing_key_row row;
    struct str status; /* pending, signing, verifying, retired, revoked */
};

enum err signing_key_list_flow(struct call *c);
enum err signing_key_rotate_flow(struct call *c);

#endif
