/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading the control plane's audit log.
 */
#ifndef AUTHD_STORE_CONTROL_AUDIT_H
#define AUTHD_STORE_CONTROL_AUDIT_H

#include "store/control_clients.h"

struct audit_record {
    struct id id;
    int64_t at;
    struct str actor_type;
    struct str actor_id;
    struct str event;
    struct str tenant_id;
    struct str target_id;
    struct str before; /* JSON */
    struct str after;
    struct str address;
    struct str request_id;
};

/* NULL ptr and 0: no filter. */
struct audit_filter {
    struct str tenant; /* slug or id, of a deleted one, too */
    struct str event;
    int64_t since;
    int64_t until; /* exclusive */
};

MUST_CHECK enum err control_audit_list(struct arena *a, const struct audit_filter *filter,
                                       const struct page_query *page, struct audit_record **items,
                                       size_t *n);

#endif
