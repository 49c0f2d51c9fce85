/* SPDX-License-Identifier: Apache-2.0
 *
 * The settings file: one flat YAML mapping whose values are scalars or sequences of scalars. It is
 * read event by event, so that every complaint knows its line. Anchors, aliases, tags, nesting and
 * second documents have no meaning here and are refused.
 */
#include <yaml.h>

#include "server/settings.h"

enum { ENTRIES_MAX = 256, ITEMS_MAX = 256 };

struct reader {
    struct arena *arena;
    const char *file;
    yaml_parser_t parser;
    yaml_event_t event;
    bool has_event;
    struct setting_entries *out;
    struct complaints *complaints;
};

static struct str where(const struct reader *r, size_t line)
{
    struct buf b;
    buf_init(&b, r->arena, 0);
    buf_printf(&b, "%s:%zu", r->file, line);
    return buf_view(&b);
}

static bool refuse_line(const struct reader *r, size_t line, const char *what)
{
    complain(r->complaints, where(r, line), NULL, "%s", what);
    return false;
}

static bool refuse_here(const struct reader *r, const char *what)
{
    return refuse_line(r, r->event.start_mark.line + 1, what);
}

static bool next(struct reader *r)
{
    if (r->has_event)
        yaml_event_delete(&r->event);
    r->has_event = yaml_parser_parse(&r->parser, &r->event) != 0;
    if (r->has_event)
        return true;
    return refuse_line(r, r->parser.problem_mark.line + 1,
                       r->parser.problem ? r->parser.problem : "is not YAML");
}

static bool plain_node(const struct reader *r, const yaml_char_t *anchor, const yaml_char_t *tag)
{
    return !anchor && !tag ? true : refuse_here(r, "anchors and tags have no meaning here");
}

static bool take_scalar(struct reader *r, struct str *out)
{
    if (r->event.type != YAML_SCALAR_EVENT)
        return refuse_here(r, "only plain values and lists of them may stand here");
    if (!plain_node(r, r->event.data.scalar.anchor, r->event.data.scalar.tag))
        return false;
    *out = str_copy(r->arena, (struct str){(const char *)r->event.data.scalar.value,
                                           r->event.data.scalar.length});
    return true;
}

/* Items are joined by commas: no list type has items with a comma inside. */
static bool read_sequence(struct reader *r, struct setting_entry *e)
{
    struct buf joined;
    struct str item;
    buf_init(&joined, r->arena, 128);
    if (!plain_node(r, r->event.data.sequence_start.anchor, r->event.data.sequence_start.tag))
        return false;
    e->sequence = true;
    for (size_t n = 0; next(r); n++) {
        if (r->event.type == YAML_SEQUENCE_END_EVENT) {
            e->text = buf_view(&joined);
            return true;
        }
        if (n == ITEMS_MAX)
            return refuse_here(r, "the list is too long");
        if (!take_scalar(r, &item))
            return false;
        if (n)
            buf_char(&joined, ',');
        buf_str(&joined, item);
    }
    return false;
}

static bool read_value(struct reader *r, struct setting_entry *e)
{
    if (!next(r))
        return false;
    if (r->event.type == YAML_SEQUENCE_START_EVENT)
        return read_sequence(r, e);
    return take_scalar(r, &e->text);
}

static bool read_entries(struct reader *r)
{
    while (next(r)) {
        if (r->event.type == YAML_MAPPING_END_EVENT)
            return true;
        if (r->out->n == ENTRIES_MAX)
            return refuse_here(r, "there are too many settings");
        struct setting_entry *e = &r->out->items[r->out->n++];
        e->line = r->event.start_mark.line + 1;
        e->where = where(r, e->line);
        if (!take_scalar(r, &e->name) || !read_value(r, e))
            return false;
    }
    return false;
}

static bool read_end(struct reader *r)
{
    while (next(r)) {
        if (r->event.type == YAML_STREAM_END_EVENT)
            return true;
        if (r->event.type != YAML_DOCUMENT_END_EVENT)
            return refuse_here(r, "only one document may stand in the file");
    }
    return false;
}

static bool empty_scalar(const yaml_event_t *e)
{
    return e->type == YAML_SCALAR_EVENT && e->data.scalar.length == 0;
}

static bool read_document(struct reader *r)
{
    bool started = next(r) && next(r); /* stream; document, or the end of an empty file */
    if (!started)
        return false;
    if (r->event.type == YAML_STREAM_END_EVENT)
        return true;
    if (!next(r))
        return false;
    if (empty_scalar(&r->event))
        return read_end(r);
    if (r->event.type != YAML_MAPPING_START_EVENT)
        return refuse_here(r, "must be a list of `name: value` lines");
    return plain_node(r, r->event.data.mapping_start.anchor, r->event.data.mapping_start.tag) &&
           read_entries(r) && read_end(r);
}

bool settings_read_yaml(struct arena *a, const char *file, struct str yaml,
                        struct setting_entries *out, struct complaints *complaints)
{
    struct reader r = {.arena = a, .file = file, .out = out, .complaints = complaints};
    out->items = arena_new_array(a, ENTRIES_MAX, struct setting_entry);
    out->n = 0;
    if (!yaml_parser_initialize(&r.parser))
        abort();
    yaml_parser_set_input_string(&r.parser, (const unsigned char *)(yaml.ptr ? yaml.ptr : ""),
                                 yaml.len);
    yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
    bool ok = read_document(&r);
    if (r.has_event)
        yaml_event_delete(&r.event);
    yaml_parser_delete(&r.parser);
    return ok;
}
