/* SPDX-License-Identifier: Apache-2.0
 *
 * Cursors of lists: where the next page starts, and a MAC, so that nobody makes one and none works
 * for another tenant, list or filter than the one it was made for. What is inside is nothing that
 * the page before did not show.
 */
#ifndef AUTHD_FLOW_CURSOR_H
#define AUTHD_FLOW_CURSOR_H

#include "base/id.h"

/* The last item of a page, in the order (time, id). */
struct cursor {
    int64_t at; /* wall ms; 0 = from the start */
    struct id id;
};

/* key: the tenant's for cursors. scope names the list and its filter. */
struct str cursor_text(struct arena *a, const uint8_t key[32], struct str scope,
                       const struct cursor *position);
/* False when it was not made here for this scope. */
bool cursor_read(struct arena *a, const uint8_t key[32], struct str scope, struct str text,
                 struct cursor *out);

#endif
