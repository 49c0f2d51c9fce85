/* SPDX-License-Identifier: Apache-2.0
 *
 * Tenants, by operators. A tenant is named by slug or id.
 */
#ifndef AUTHD_FLOW_TENANTS_H
#define AUTHD_FLOW_TENANTS_H

#include "flow/page.h"
#include "store/control_tenants.h"

struct tenant_ref_in {
    struct str tenant;
};

struct tenant_create_in {
    struct str slug;
    struct str name;        /* absent: the slug */
    struct str environment; /* absent: live */
    struct str policy;      /* JSON object of policy.def's members */
};

/* The client that a tenant is created with, and its keys: the only time they are shown. */
struct first_client {
    struct id id;
    struct str publishable_key;
    struct str secret_key;
};

/* Every other flow answers with the record alone. Its policy has every member here, defaults
 * included. */
struct tenant_created {
    struct tenant_record record;
    struct first_client *client;
};

struct tenant_list_in {
    struct page_in page;
    struct str status;
};

struct tenant_update_in {
    struct str tenant;
    struct str name;
    struct str policy; /* members to set; null puts one back to its default */
};

struct tenant_delete_in {
    struct str tenant;
    bool keep_database;
};

/* Answers with status provisioning when the database could not be finished now: the background
 * goes on, and the keys are good once it is active. */
enum err tenant_create_flow(struct call *c);
enum err tenant_list_flow(struct call *c);
enum err tenant_get_flow(struct call *c);
enum err tenant_update_flow(struct call *c);
enum err tenant_suspend_flow(struct call *c);
enum err tenant_reactivate_flow(struct call *c);
enum err tenant_delete_flow(struct call *c);

#endif
