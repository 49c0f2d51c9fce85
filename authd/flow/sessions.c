/* SPDX-License-Identifier: Apache-2.0
 *
 * What users do with their own sessions. Statements name the user as well as the session: another
 * user's id is simply not found.
 */
#include "flow/sessions.h"

#include "domain/decide.h"
#include "flow/cursor.h"
#include "flow/event.h"
#include "flow/password_hash.h"
#include "store/sessions.h"

enum { LIMIT_DEFAULT = 20 };

/* The list and whose it is. */
static struct str cursor_scope(const struct call *c)
{
    struct buf b;
    buf_init(&b, c->arena, 64);
    buf_lit(&b, "sessions/");
    buf_str(&b, id_str(&c->user->id));
    return buf_view(&b);
}

static enum err read_cursor(struct call *c, struct str text, struct cursor *out)
{
    *out = (struct cursor){0};
    if (!str_is_set(text))
        return ERR_OK;
    if (cursor_read(c->arena, c->tenant->secrets->cursor, cursor_scope(c), text, out))
        return ERR_OK;
    return call_problem(c, STR("cursor"), "malformed",
                        "Send next_cursor of the page before, unchanged.");
}

static struct str next_cursor(const struct call *c, const struct session *last)
{
    struct cursor position = {last->created_at, last->id};
    return cursor_text(c->arena, c->tenant->secrets->cursor, cursor_scope(c), &position);
}

static void answer_list(const struct call *c, const struct session_list *list)
{
    struct session_list_answer *out = c->out;
    struct session_view *views = arena_new_array(c->arena, list->n, struct session_view);
    for (size_t i = 0; i < list->n; i++) {
        views[i] = session_view_of(&c->tenant->policy, &list->items[i]);
        views[i].current = id_eq(&views[i].id, &c->session->id);
    }
    out->data.items = views;
    out->data.n = list->n;
    out->has_more = list->more;
    if (list->more)
        out->next_cursor = next_cursor(c, &list->items[list->n - 1]);
}

enum err own_sessions_list(struct call *c)
{
    const struct session_list_request *in = c->in;
    struct cursor cursor;
    struct session_list list;
    enum err e = read_cursor(c, in->cursor, &cursor);
    if (e != ERR_OK)
        return e;
    struct session_page page = {.user = c->user->id,
                                .cutoffs = refresh_cutoffs(&c->tenant->policy, c->now),
                                .before_created_at = cursor.at,
                                .before_id = cursor.id,
                                .limit = in->limit > 0 ? in->limit : LIMIT_DEFAULT};
    e = sessions_list(db_tenant(c->tenant), c->arena, &page, &list);
    if (e == ERR_OK)
        answer_list(c, &list);
    return e;
}

enum err own_sessions_end_one(struct call *c)
{
    const struct session_end_request *in = c->in;
    struct tenant_event e = call_event(c, EVENT_SESSION_ENDED);
    bool ended = false;
    e.session = in->id;
    e.detail = event_reason(c->arena, "ended_by_user");
    enum err err = sessions_end_one(db_tenant(c->tenant), c->arena, &e, &ended);
    if (err != ERR_OK)
        return err;
    return ended ? ERR_OK : ERR_not_found;
}

enum err own_sessions_end_others(struct call *c)
{
    struct tenant_event e = call_event(c, EVENT_SESSION_ENDED);
    e.detail = event_reason(c->arena, "others_ended_by_user");
    return sessions_end_all(db_tenant(c->tenant), c->arena, &e, &c->session->id);
}
