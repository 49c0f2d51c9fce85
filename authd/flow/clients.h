/* SPDX-License-Identifier: Apache-2.0
 *
 * Clients of a tenant and their keys, by operators. A client's type says which kinds of key it may
 * have: a browser or an installed app keeps no secret, a machine signs no user in.
 */
#ifndef AUTHD_FLOW_CLIENTS_H
#define AUTHD_FLOW_CLIENTS_H

#include "flow/page.h"
#include "store/control_clients.h"

struct client_list_in {
    struct str tenant;
    struct page_in page;
};

struct client_ref_in {
    struct str tenant;
    struct id client_id;
};

struct client_create_in {
    struct str tenant;
    struct str name;
    struct str type;     /* absent: web */
    struct str audience; /* absent: the tenant's */
};

struct client_update_in {
    struct str tenant;
    struct id client_id;
    struct str name;
    struct str audience; /* null: the tenant's again */
    bool has_audience;
};

/* Every other flow answers with the record alone. */
struct client_created {
    struct client_record record;
    struct str publishable_key; /* as far as the type has one */
    struct str secret_key;
};

struct key_list_in {
    struct str tenant;
    struct id client_id;
    struct page_in page;
};

struct key_create_in {
    struct str tenant;
    struct id client_id;
    struct str kind;
};

struct key_ref_in {
    struct str tenant;
    struct id client_id;
    struct id key_id;
};

struct key_roll_in {
    struct str tenant;
    struct id client_id;
    struct id key_id;
    int64_t overlap_s;
    bool has_overlap; /* absent: KEY_OVERLAP_DEFAULT_S */
};
enum { KEY_OVERLAP_DEFAULT_S = 86400, KEY_OVERLAP_MAX_S = 30 * 86400 };

struct key_out {
    struct key_row row;
    struct str key; /* the text, at creation only */
};

enum err client_create_flow(struct call *c);
enum err client_list_flow(struct call *c);
enum err client_get_flow(struct call *c);
enum err client_update_flow(struct call *c);
enum err client_delete_flow(struct call *c);
enum err key_create_flow(struct call *c);
enum err key_list_flow(struct call *c);
/* A successor of the same kind; the old key goes on for the overlap. */
enum err key_roll_flow(struct call *c);
/* Effective at once. */
enum err key_revoke_flow(struct call *c);

#endif
