/* SPDX-License-Identifier: Apache-2.0
 *
 * Operators and their keys, by operators.
 */
#include "flow/operators.h"

#include "flow/operator_call.h"

enum err operator_create_flow(struct call *c)
{
    const struct operator_create_in *in = c->in;
    struct operator_created *out = c->out;
    struct control_write w = operator_write(c);
    struct operator_record record = {.id = id_new("adm_", c->now),
                                     .name = in->name,
                                     .role = str_is_set(in->role) ? in->role : STR("reader")};
    struct key_record key;
    int64_t revision = 0;
    out->key = credential_make(c, "op_", &key);
    enum err e = control_operator_create(c->arena, &w, &record, &key, &out->record, &revision);
    if (e == ERR_OK)
        operator_written(revision);
    return e;
}

enum err operator_list_flow(struct call *c)
{
    const struct operator_list_in *in = c->in;
    struct page_frame frame = {page_control_key(), STR("operators"), STR_NONE};
    struct page_query query;
    struct operator_record *items;
    size_t n;
    enum err e = page_open(c, &in->page, &frame, &query);
    if (e != ERR_OK || (e = control_operator_list(c->arena, &query, &items, &n)) != ERR_OK)
        return e;
    page_close(c, &frame, &query, items, n, sizeof(*items), c->out);
    return ERR_OK;
}

enum err operator_get_flow(struct call *c)
{
    const struct operator_ref_in *in = c->in;
    return control_operator_get(c->arena, &in->id, c->out);
}

enum err operator_me_flow(struct call *c)
{
    return control_operator_get(c->arena, &c->operator->operator_id, c->out);
}

enum err operator_update_flow(struct call *c)
{
    const struct operator_update_in *in = c->in;
    struct control_write w = operator_write(c);
    int64_t revision = 0;
    if (!str_is_set(in->name) && !str_is_set(in->role))
        return control_operator_get(c->arena, &in->id, c->out);
    enum err e =
        control_operator_update(c->arena, &w, &in->id, in->name, in->role, c->out, &revision);
    if (e == ERR_OK)
        operator_written(revision);
    return e;
}

enum err operator_delete_flow(struct call *c)
{
    const struct operator_ref_in *in = c->in;
    struct control_write w = operator_write(c);
    int64_t revision = 0;
    enum err e = control_operator_delete(c->arena, &w, &in->id, &revision);
    if (e == ERR_OK)
        operator_written(revision);
    return e;
}

enum err operator_key_create_flow(struct call *c)
{
    const struct operator_ref_in *in = c->in;
    struct key_out *out = c->out;
    struct control_write w = operator_write(c);
    struct key_record key;
    int64_t revision = 0;
    out->key = credential_make(c, "op_", &key);
    enum err e = control_operator_key_create(c->arena, &w, &in->id, &key, &out->row, &revision);
    if (e == ERR_OK)
        operator_written(revision);
    return e;
}

enum err operator_key_list_flow(struct call *c)
{
    const struct operator_key_list_in *in = c->in;
    struct page_frame frame = {page_control_key(), STR("operator_keys"), id_str(&in->id)};
    struct operator_record owner;
    struct page_query query;
    struct key_row *items;
    size_t n;
    enum err e = page_open(c, &in->page, &frame, &query);
    if (e != ERR_OK || (e = control_operator_get(c->arena, &in->id, &owner)) != ERR_OK ||
        (e = control_operator_key_list(c->arena, &in->id, &query, &items, &n)) != ERR_OK)
        return e;
    page_close(c, &frame, &query, items, n, sizeof(*items), c->out);
    return ERR_OK;
}

enum err operator_key_revoke_flow(struct call *c)
{
    const struct operator_key_ref_in *in = c->in;
    struct control_write w = operator_write(c);
    int64_t revision = 0;
    enum err e = control_operator_key_revoke(c->arena, &w, &in->id, &in->key_id, &revision);
    if (e == ERR_OK)
        operator_written(revision);
    return e;
}
