/* SPDX-License-Identifier: Apache-2.0
 *
 * From a request's body, path and query to the input struct of its route, by the rows. A member
 * that no row names is refused, so nothing can be set that was not meant to be; everything that is
 * wrong is told at once.
 */
#include "base/arena.h"
#include "http/match.h"
#include "http/value.h"

static void *member_at(void *in, size_t offset)
{
    return (char *)in + offset;
}

static void mark_present(const struct field *row, void *in)
{
    if (row->present)
        *(bool *)member_at(in, row->present) = true;
}

static struct str dotted(struct arena *a, struct str prefix, struct str name)
{
    if (prefix.len == 0)
        return name;
    struct buf b;
    buf_init(&b, a, prefix.len + name.len + 1);
    buf_str(&b, prefix);
    buf_char(&b, '.');
    buf_str(&b, name);
    return buf_view(&b);
}

/* ---- body ---- */

static const struct field *body_row(const struct fields *fields, const char *name)
{
    for (size_t i = 0; i < fields->n; i++) {
        if (fields->rows[i].place == IN_BODY && strcmp(fields->rows[i].name, name) == 0)
            return &fields->rows[i];
    }
    return NULL;
}

/* A client's own text goes back to it, but not all of it. */
enum { NAME_SHOWN_MAX = 64 };

static void refuse_unknown(struct reading *r, const struct fields *fields, const json_t *object)
{
    const char *name;
    json_t *value;
    struct str prefix = r->name;
    json_object_foreach((json_t *)(uintptr_t)object, name, value)
    {
        if (body_row(fields, name))
            continue;
        r->unknown = true;
        struct str shown = str_slice(str_of(name), 0, NAME_SHOWN_MAX);
        problem_add(r->problems, dotted(r->arena, prefix, shown), "unknown_field",
                    "is not a member here");
    }
}

static void read_member(struct reading *r, const struct field *row, const json_t *value, void *in)
{
    bool null = !value || json_is_null(value);
    if (null && (row->flags & FIELD_REQUIRED)) {
        problem_add(r->problems, r->name, "required", "is required");
        return;
    }
    if (!value)
        return;
    mark_present(row, in);
    if (null && (row->flags & FIELD_NULLABLE))
        return;
    value_from_json(r, row, value, member_at(in, row->offset));
}

void members_from_json(struct reading *r, const struct fields *fields, const json_t *object,
                       void *in)
{
    struct str prefix = r->name;
    refuse_unknown(r, fields, object);
    for (size_t i = 0; i < fields->n; i++) {
        const struct field *row = &fields->rows[i];
        if (row->place != IN_BODY)
            continue;
        r->name = dotted(r->arena, prefix, str_of(row->name));
        read_member(r, row, json_object_get(object, row->name), in);
    }
    r->name = prefix;
}

static bool has_body_rows(const struct fields *fields)
{
    for (size_t i = 0; i < fields->n; i++) {
        if (fields->rows[i].place == IN_BODY)
            return true;
    }
    return false;
}

static void read_body(struct reading *r, const struct fields *fields, json_t *body, void *in)
{
    json_t *none = NULL;
    if (!body)
        body = none = json_object();
    if (json_is_object(body)) {
        members_from_json(r, fields, body, in);
    } else {
        problem_add(r->problems, STR(""), "wrong_type", "the body must be an object");
        r->unknown = !has_body_rows(fields);
    }
    json_decref(none);
}

/* ---- path and query ---- */

/* A path that cannot be an id of ours names nothing: not_found, as for an id that does not exist.
 */
static enum err read_path(struct arena *a, const struct field *row,
                          const struct field_values *values, void *in)
{
    struct str text = values_get(values, str_of(row->name));
    mark_present(row, in);
    return text.ptr && value_from_text(a, row, text, member_at(in, row->offset)) ? ERR_OK
                                                                                 : ERR_not_found;
}

static void read_query(struct reading *r, const struct field *row,
                       const struct field_values *values, void *in)
{
    struct str text = values ? values_get(values, str_of(row->name)) : STR_NONE;
    r->name = str_of(row->name);
    if (!text.ptr) {
        if (row->flags & FIELD_REQUIRED)
            problem_add(r->problems, r->name, "required", "is required");
        return;
    }
    mark_present(row, in);
    if (value_from_text(r->arena, row, text, member_at(in, row->offset)))
        return;
    struct str wanted = value_describe(r->arena, row);
    problem_add(r->problems, r->name, "malformed", "must be %.*s", STR_FMT(wanted));
}

enum err fields_decode(struct arena *a, const struct fields *fields, json_t *body,
                       const struct field_values *path, const struct field_values *query, void *in,
                       struct problems *problems)
{
    struct reading r = {.arena = a, .problems = problems, .name = STR("")};
    problems->arena = a;
    for (size_t i = 0; i < fields->n; i++) {
        const struct field *row = &fields->rows[i];
        if (row->place == IN_PATH && read_path(a, row, path, in) != ERR_OK)
            return ERR_not_found;
        if (row->place == IN_QUERY)
            read_query(&r, row, query, in);
    }
    r.name = STR("");
    read_body(&r, fields, body, in);
    if (r.unknown)
        return ERR_unknown_field;
    return problems->n > 0 ? ERR_validation_failed : ERR_OK;
}
