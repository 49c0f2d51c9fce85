/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading JSON. jansson recurses per nesting level and a coroutine's stack is small, so the depth
 * is counted over the bytes before jansson sees them. What jansson frees is wiped: a parsed body
 * holds passwords.
 */
#include <malloc.h>
#include <stdlib.h>

#include "base/json.h"

static void free_wiped(void *p)
{
    if (!p)
        return;
    bytes_wipe(p, malloc_usable_size(p));
    free(p);
}

void json_setup(void)
{
    json_set_alloc_funcs(malloc, free_wiped);
    json_object_seed(0);
}

size_t json_string_end(struct str text, size_t at)
{
    while (at < text.len && text.ptr[at] != '"')
        at += text.ptr[at] == '\\' ? 2 : 1;
    return at < text.len ? at : text.len;
}

static bool depth_is_allowed(struct str text, int max)
{
    int depth = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '"')
            i = json_string_end(text, i + 1);
        else if (c == '{' || c == '[')
            depth++;
        else if (c == '}' || c == ']')
            depth--;
        if (depth > max)
            return false;
    }
    return true;
}

static json_t *load(struct str text, int max_depth, size_t flags)
{
    json_error_t ignored;
    if (str_find(text, '\0') < text.len || !depth_is_allowed(text, max_depth))
        return NULL;
    return json_loadb(text.ptr ? text.ptr : "", text.len, JSON_REJECT_DUPLICATES | flags, &ignored);
}

enum err json_read(struct str text, json_t **out)
{
    *out = load(text, JSON_DEPTH_MAX, 0);
    return *out ? ERR_OK : ERR_invalid_json;
}

json_t *json_read_member(struct str text)
{
    return load(text, JSON_DEPTH_MAX - 1, JSON_DECODE_ANY);
}

struct str json_text(const json_t *string)
{
    return (struct str){json_string_value(string), json_string_length(string)};
}
