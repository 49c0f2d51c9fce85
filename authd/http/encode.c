/* SPDX-License-Identifier: Apache-2.0
 *
 * From an output struct to the members of a JSON object, by the rows.
 */
#include "base/arena.h"
#include "base/clock.h"
#include "base/id.h"
#include "domain/policy.h"
#include "http/field.h"

/* A member's value, whatever its type keeps in it. */
union value {
    struct str str;
    int64_t num;
    bool flag;
    struct id id;
    const void *object;
    struct field_list list;
    struct str_list texts;
};

/* The bytes that a type occupies. */
static size_t size_of(enum field_type type)
{
    static const size_t sizes[] = {
        [FIELD_TEXT] = sizeof(struct str),
        [FIELD_SECRET] = sizeof(struct str),
        [FIELD_INT] = sizeof(int64_t),
        [FIELD_BOOL] = sizeof(bool),
        [FIELD_TIME] = sizeof(int64_t),
        [FIELD_DURATION] = sizeof(int64_t),
        [FIELD_CHOICE] = sizeof(struct str),
        [FIELD_ID] = sizeof(struct id),
        [FIELD_JSON] = sizeof(struct str),
        [FIELD_OBJECT] = sizeof(void *),
        [FIELD_LIST] = sizeof(struct field_list),
        [FIELD_TEXTS] = sizeof(struct str_list),
    };
    return sizes[type];
}

static bool is_empty(enum field_type type, const union value *v)
{
    switch (type) {
    case FIELD_TEXT:
    case FIELD_SECRET:
    case FIELD_CHOICE:
    case FIELD_JSON:
        return !v->str.ptr;
    case FIELD_INT:
    case FIELD_TIME:
    case FIELD_DURATION:
        return v->num == 0;
    case FIELD_BOOL:
        return !v->flag;
    case FIELD_ID:
        return v->id.z[0] == '\0';
    case FIELD_OBJECT:
        return !v->object;
    case FIELD_LIST:
        return v->list.n == 0;
    case FIELD_TEXTS:
        return v->texts.n == 0;
    }
    return true;
}

/* Absence shows as null where the type has a value that means absent. */
static bool shows_null(enum field_type type)
{
    return type != FIELD_INT && type != FIELD_BOOL && type != FIELD_DURATION &&
           type != FIELD_LIST && type != FIELD_TEXTS;
}

static void write_object(struct json_writer *w, const struct fields *fields, const void *object)
{
    json_object_start(w);
    fields_encode(w, fields, object);
    json_object_end(w);
}

static void write_list(struct json_writer *w, const struct fields *fields, struct field_list list)
{
    const char *item = list.items;
    json_array_start(w);
    for (size_t i = 0; i < list.n; i++, item += fields->size)
        write_object(w, fields, item);
    json_array_end(w);
}

static void write_texts(struct json_writer *w, struct str_list texts)
{
    json_array_start(w);
    for (size_t i = 0; i < texts.n; i++)
        json_str_value(w, texts.items[i]);
    json_array_end(w);
}

static void write_duration(struct json_writer *w, int64_t seconds)
{
    char text[DURATION_TEXT_LEN];
    duration_format(seconds, text);
    json_str_value(w, str_of(text));
}

static void write_value(struct json_writer *w, const struct field *row, const union value *v)
{
    switch (row->type) {
    case FIELD_TEXT:
    case FIELD_SECRET:
    case FIELD_CHOICE:
        json_str_value(w, v->str);
        break;
    case FIELD_INT:
        json_int_value(w, v->num);
        break;
    case FIELD_BOOL:
        json_bool_value(w, v->flag);
        break;
    case FIELD_TIME:
        json_time_value(w, v->num);
        break;
    case FIELD_DURATION:
        write_duration(w, v->num);
        break;
    case FIELD_ID:
        json_str_value(w, id_str(&v->id));
        break;
    case FIELD_JSON:
        json_raw_value(w, v->str);
        break;
    case FIELD_OBJECT:
        write_object(w, row->sub, v->object);
        break;
    case FIELD_LIST:
        write_list(w, row->sub, v->list);
        break;
    case FIELD_TEXTS:
        write_texts(w, v->texts);
        break;
    }
}

void fields_encode(struct json_writer *w, const struct fields *fields, const void *out)
{
    for (size_t i = 0; i < fields->n; i++) {
        const struct field *row = &fields->rows[i];
        union value v;
        memcpy(&v, (const char *)out + row->offset, size_of(row->type));
        bool empty = is_empty(row->type, &v);
        if (empty && (row->flags & FIELD_OMIT_EMPTY))
            continue;
        json_key(w, str_of(row->name));
        if (empty && shows_null(row->type))
            json_null_value(w);
        else
            write_value(w, row, &v);
    }
}
