/* SPDX-License-Identifier: Apache-2.0
 *
 * The control plane's audit log, for operators to read.
 */
#ifndef AUTHD_FLOW_AUDIT_H
#define AUTHD_FLOW_AUDIT_H

#include "flow/page.h"
#include "store/control_audit.h"

struct audit_list_in {
    struct page_in page;
    struct audit_filter filter;
};

enum err audit_list_flow(struct call *c);

#endif
