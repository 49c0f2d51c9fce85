/* SPDX-License-Identifier: Apache-2.0
 *
 * Tenants as operators see them. `ref` is a slug or an id everywhere.
 */
#ifndef AUTHD_STORE_CONTROL_TENANTS_H
#define AUTHD_STORE_CONTROL_TENANTS_H

#include "store/control.h"

struct tenant_keys;

/* Strings live in the call's arena. */
struct tenant_record {
    struct id id;
    struct str slug;
    struct str name;
    struct str environment;
    struct str status;
    struct str issuer;
    struct str policy; /* the stored document: what differs from the defaults */
    int64_t revision;
    int64_t created_at;
    int64_t updated_at;
};

/* ERR_not_found for a deleted one, too. */
MUST_CHECK enum err control_tenant_get(struct arena *a, struct str ref, struct tenant_record *out);
/* status: NULL ptr = every one. */
MUST_CHECK enum err control_tenant_list(struct arena *a, struct str status,
                                        const struct page_query *page, struct tenant_record **items,
                                        size_t *n);

struct tenant_changes {
    struct str name;     /* NULL ptr = as it was */
    struct str policy;   /* NULL ptr = as it was */
    int64_t if_revision; /* 0 = whatever it is */
};
/* ERR_precondition_failed when the revision differs. */
MUST_CHECK enum err control_tenant_update(struct arena *a, const struct control_write *w,
                                          struct str ref, const struct tenant_changes *changes,
                                          struct tenant_record *out, int64_t *revision);

/* What an operator may do to a tenant's status: one row each in control_tenants.c. */
enum tenant_deed { TENANT_SUSPEND = 1, TENANT_REACTIVATE, TENANT_DELETE, TENANT_DELETE_KEEP };
/* ERR_conflict when the present status does not allow it. */
MUST_CHECK enum err control_tenant_do(struct arena *a, const struct control_write *w,
                                      struct str ref, enum tenant_deed deed,
                                      struct tenant_record *out, int64_t *revision);

/* A new tenant and its first client, all ids and keys chosen by the caller. */
struct tenant_creation {
    struct str slug;
    struct str name;
    struct str environment;
    struct str issuer;
    struct str policy;
    struct id client_id;
    struct key_record publishable;
    struct key_record secret;
};
/* One round trip: the tenant gets a ready database off the shelf and is active, or a row made of
 * the keys and is provisioning, which provision_tenant ends. ERR_slug_taken. */
MUST_CHECK enum err control_tenant_create(struct arena *a, const struct control_write *w,
                                          const struct tenant_creation *c,
                                          const struct tenant_keys *keys, struct tenant_record *out,
                                          int64_t *revision);

#endif
