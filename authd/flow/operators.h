/* SPDX-License-Identifier: Apache-2.0
 *
 * Operators and their keys. What would leave no active key of an admin is a conflict.
 */
#ifndef AUTHD_FLOW_OPERATORS_H
#define AUTHD_FLOW_OPERATORS_H

#include "flow/clients.h"
#include "store/control_operators.h"

struct operator_list_in {
    struct page_in page;
};

struct operator_ref_in {
    struct id id;
};

struct operator_create_in {
    struct str name;
    struct str role;
};

struct operator_update_in {
    struct id id;
    struct str name;
    struct str role;
};

/* Every other flow answers with the record alone. */
struct operator_created {
    struct operator_record record;
    struct str key; /* the first one */
};

struct operator_key_list_in {
    struct id id;
    struct page_in page;
};

struct operator_key_ref_in {
    struct id id;
    struct id key_id;
};

enum err operator_create_flow(struct call *c);
enum err operator_list_flow(struct call *c);
enum err operator_get_flow(struct call *c);
/* Whose key this is. */
enum err operator_me_flow(struct call *c);
enum err operator_update_flow(struct call *c);
enum err operator_delete_flow(struct call *c);
enum err operator_key_create_flow(struct call *c);
enum err operator_key_list_flow(struct call *c);
enum err operator_key_revoke_flow(struct call *c);

#endif
