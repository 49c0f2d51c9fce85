/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as JSON: what is read must be UTF-8 and shallow enough to be freed by recursion, and
 * any bytes written as a JSON string must read back.
 */
#include "base/arena.h"
#include "base/json.h"
#include "fuzz.h"

static void check_string(struct arena *arena, struct str text)
{
    struct buf b;
    json_t *json;
    buf_init(&b, arena, 0);
    buf_char(&b, '[');
    buf_json(&b, text);
    buf_char(&b, ']');
    bool has_nul = str_find(text, '\0') < text.len; /* written escaped, and refused when read */
    enum err e = json_read(buf_view(&b), &json);
    assert((e == ERR_OK) == !has_nul);
    if (e)
        return;
    struct str back = json_text(json_array_get(json, 0));
    assert(utf8_valid(back));
    assert(!utf8_valid(text) || str_eq(back, text));
    json_decref(json);
}

static void check_value(const struct json_value *value, const json_t *same)
{
    assert(same);
    assert((value->kind == JSON_TEXT_VALUE) == json_is_string(same));
    if (value->kind == JSON_TEXT_VALUE)
        assert(str_eq(value->text, json_text(same)));
    if (value->kind == JSON_INT_VALUE)
        assert(json_is_integer(same) && value->num == json_integer_value(same));
}

/* Both readers accept the same objects and read the same out of them. */
static void check_members(struct arena *arena, struct str text, json_t *json)
{
    struct json_members members;
    bool fits = json_is_object(json) && json_object_size(json) <= JSON_MEMBERS_MAX;
    assert((json_read_members(arena, text, &members) == ERR_OK) == fits);
    assert(!fits || members.n == json_object_size(json));
    for (size_t i = 0; i < members.n; i++)
        check_value(&members.values[i], json_object_get(json, str_z(arena, members.names[i])));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = {(const char *)data, size};
    struct arena *arena = arena_create(0);
    json_t *json;
    if (json_read(text, &json) == ERR_OK)
        assert(utf8_valid(text) && (json_is_object(json) || json_is_array(json)));
    check_members(arena, text, json);
    json_decref(json);
    check_string(arena, text);
    arena_destroy(arena);
    return 0;
}
