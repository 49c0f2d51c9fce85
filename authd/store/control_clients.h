/* SPDX-License-Identifier: Apache-2.0
 *
 * Clients of a tenant and their keys. Tenant and client are ids that the caller has looked up.
 */
#ifndef AUTHD_STORE_CONTROL_CLIENTS_H
#define AUTHD_STORE_CONTROL_CLIENTS_H

#include "store/control.h"

struct client_record {
    struct id id;
    struct str name;
    struct str type;     /* web, spa, native, machine */
    struct str audience; /* NULL ptr = the tenant's */
    int64_t revision;
    int64_t created_at;
    int64_t updated_at;
};

/* A key of a client or an operator (then without kind). */
struct key_row {
    struct id id;
    struct str kind; /* publishable, secret */
    struct str hint;
    int64_t created_at;
    int64_t expires_at; /* 0 = never */
    int64_t revoked_at; /* 0 = not */
    int64_t last_used_at;
};

MUST_CHECK enum err control_client_get(struct arena *a, const struct id *tenant,
                                       const struct id *client, struct client_record *out);
MUST_CHECK enum err control_client_list(struct arena *a, const struct id *tenant,
                                        const struct page_query *page, struct client_record **items,
                                        size_t *n);

/* record's id, name, type and audience; keys without id are not made. */
MUST_CHECK enum err control_client_create(struct arena *a, const struct control_write *w,
                                          const struct id *tenant,
                                          const struct client_record *record,
                                          const struct key_record *publishable,
                                          const struct key_record *secret,
                                          struct client_record *out, int64_t *revision);

struct client_changes {
    struct str name; /* NULL ptr = as it was */
    bool set_audience;
    struct str audience; /* NULL ptr = the tenant's */
    int64_t if_revision; /* 0 = whatever it is */
};
/* ERR_precondition_failed when the revision differs. */
MUST_CHECK enum err control_client_update(struct arena *a, const struct control_write *w,
                                          const struct id *tenant, const struct id *client,
                                          const struct client_changes *changes,
                                          struct client_record *out, int64_t *revision);
/* Its keys are revoked with it. */
MUST_CHECK enum err control_client_delete(struct arena *a, const struct control_write *w,
                                          const struct id *tenant, const struct id *client,
                                          int64_t *revision);

MUST_CHECK enum err control_key_list(struct arena *a, const struct id *tenant,
                                     const struct id *client, const struct page_query *page,
                                     struct key_row **items, size_t *n);
MUST_CHECK enum err control_key_create(struct arena *a, const struct control_write *w,
                                       const struct id *tenant, const struct id *client,
                                       struct str kind, const struct key_record *key,
                                       struct key_row *out, int64_t *revision);
/* Kind of a key; ERR_conflict when it has ended or has a successor already. */
MUST_CHECK enum err control_key_kind(struct arena *a, const struct id *tenant,
                                     const struct id *client, const struct id *key,
                                     struct str *kind);
/* The old key ends at old_ends_at; ERR_conflict as above. */
MUST_CHECK enum err control_key_roll(struct arena *a, const struct control_write *w,
                                     const struct id *tenant, const struct id *client,
                                     const struct id *old, const struct key_record *key,
                                     int64_t old_ends_at, struct key_row *out, int64_t *revision);
MUST_CHECK enum err control_key_revoke(struct arena *a, const struct control_write *w,
                                       const struct id *tenant, const struct id *client,
                                       const struct id *key, int64_t *revision);

#endif
