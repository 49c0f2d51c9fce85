/* SPDX-License-Identifier: Apache-2.0
 *
 * Signing keys of tenants: listing and rotating, on demand or by age. When a key signs and when it
 * leaves the JWKS is domain/decide.h's to say.
 */
#ifndef AUTHD_STORE_CONTROL_SIGNING_KEYS_H
#define AUTHD_STORE_CONTROL_SIGNING_KEYS_H

#include "store/control_clients.h"
#include "store/tenant_keys.h"

struct signing_key_row {
    struct id kid;
    struct str algorithm;
    int64_t published_at;
    int64_t signs_at;
    int64_t leaves_at;  /* 0 = not yet known */
    int64_t revoked_at; /* 0 = not */
    bool signing;       /* the one that signs now */
};

MUST_CHECK enum err control_signing_key_list(struct arena *a, const struct id *tenant,
                                             const struct page_query *page, int64_t now,
                                             struct signing_key_row **items, size_t *n);

/* What a rotation starts from: signing_key_context's rows. */
struct db_query signing_key_context_query(const struct id *tenant);

/* The write: `key` signs from signs_at on; the others leave at old_leaves_at (0: they are revoked
 * now). Changes nothing unless `newest` (z[0] == 0: whatever it is) is still the newest. All
 * pointers outlive the query. */
struct signing_key_rotation {
    const struct id *tenant;
    struct id newest;
    struct signing_key_record key;
    int64_t signs_at;
    int64_t old_leaves_at;
};
/* Makes and seals the key and asks decide_rotation. */
MUST_CHECK enum err signing_key_rotation_make(const struct id *tenant, const struct db_rows *rows,
                                              int64_t now, bool revoke,
                                              struct signing_key_rotation *out);
struct db_query signing_key_rotation_query(const struct control_write *w,
                                           const struct signing_key_rotation *r);
void signing_key_row_read(const struct db_rows *rows, size_t row, struct signing_key_row *out);

/* Both round trips on a loop; without the condition on `newest`. */
MUST_CHECK enum err control_signing_key_rotate(struct arena *a, const struct control_write *w,
                                               const struct id *tenant, bool revoke,
                                               struct signing_key_row *out, int64_t *revision);

#endif
