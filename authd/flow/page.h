/* SPDX-License-Identifier: Apache-2.0
 *
 * Lists in pages: limit and cursor in, data, has_more and next_cursor out. A cursor is sealed
 * to the list and its filter (flow/cursor): it works nowhere else and cannot be made up.
 */
#ifndef AUTHD_FLOW_PAGE_H
#define AUTHD_FLOW_PAGE_H

#include "flow/call.h"
#include "store/control.h"

enum { PAGE_LIMIT_DEFAULT = 20, PAGE_LIMIT_MAX = 100, CURSOR_TEXT_MAX = 256 };

struct page_in {
    int64_t limit; /* 0 = the default */
    struct str cursor;
};

struct page_out {
    struct { /* http's struct field_list */
        const void *items;
        size_t n;
    } data;
    bool has_more;
    struct str next_cursor; /* NULL ptr on the last page */
};

/* What a cursor is sealed to. */
struct page_frame {
    const uint8_t *key; /* of the plane or the tenant */
    struct str list;    /* "tenants" */
    struct str filter;  /* every value that narrows the list */
};

/* The key of the control plane's lists. */
const uint8_t *page_control_key(void);

/* What to ask storage for: one row more than the page has. ERR_validation_failed, with the problem
 * named, for a cursor that does not open here. */
MUST_CHECK enum err page_open(struct call *c, const struct page_in *in,
                              const struct page_frame *frame, struct page_query *out);
/* items are n structs of `size` bytes whose first member is their struct id. */
void page_close(struct call *c, const struct page_frame *frame, const struct page_query *query,
                const void *items, size_t n, size_t size, struct page_out *out);

#endif
