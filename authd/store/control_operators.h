/* SPDX-License-Identifier: Apache-2.0
 *
 * Operators and their keys. What would leave nobody who may administer is ERR_conflict.
 */
#ifndef AUTHD_STORE_CONTROL_OPERATORS_H
#define AUTHD_STORE_CONTROL_OPERATORS_H

#include "store/control_clients.h"

struct operator_record {
    struct id id;
    struct str name;
    struct str role; /* admin, reader */
    int64_t created_at;
    int64_t updated_at;
};

MUST_CHECK enum err control_operator_get(struct arena *a, const struct id *id,
                                         struct operator_record *out);
MUST_CHECK enum err control_operator_list(struct arena *a, const struct page_query *page,
                                          struct operator_record **items, size_t *n);
/* record's id, name and role. */
MUST_CHECK enum err control_operator_create(struct arena *a, const struct control_write *w,
                                            const struct operator_record *record,
                                            const struct key_record *key,
                                            struct operator_record *out, int64_t *revision);
/* name, role: NULL ptr = as it was. */
MUST_CHECK enum err control_operator_update(struct arena *a, const struct control_write *w,
                                            const struct id *id, struct str name, struct str role,
                                            struct operator_record *out, int64_t *revision);
/* Its keys are revoked with it. */
MUST_CHECK enum err control_operator_delete(struct arena *a, const struct control_write *w,
                                            const struct id *id, int64_t *revision);

MUST_CHECK enum err control_operator_key_list(struct arena *a, const struct id *id,
                                              const struct page_query *page, struct key_row **items,
                                              size_t *n);
MUST_CHECK enum err control_operator_key_create(struct arena *a, const struct control_write *w,
                                                const struct id *id, const struct key_record *key,
                                                struct key_row *out, int64_t *revision);
MUST_CHECK enum err control_operator_key_revoke(struct arena *a, const struct control_write *w,
                                                const struct id *id, const struct id *key,
                                                int64_t *revision);

/* The parameters of operator_create, for the first operator of an instance. */
struct db_query control_operator_query(const struct control_write *w,
                                       const struct operator_record *record,
                                       const struct key_record *key);

#endif
