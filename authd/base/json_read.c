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

/* Position of the quote that ends the string whose first byte is at `at`, or the end of the text.
 */
static size_t skip_string(struct str text, size_t at)
{
    while (at < text.len && text.ptr[at] != '"')
        at += text.ptr[at] == '\\' ? 2 : 1;
    return at;
}

static bool depth_is_allowed(struct str text)
{
    int depth = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '"')
            i = skip_string(text, i + 1);
        else if (c == '{' || c == '[')
            depth++;
        else if (c == '}' || c == ']')
            depth--;
        if (depth > JSON_DEPTH_MAX)
            return false;
    }
    return true;
}

enum err json_read(struct str text, json_t **out)
{
    *out = NULL;
    if (str_find(text, '\0') < text.len || !depth_is_allowed(text))
        return ERR_invalid_json;
    json_error_t ignored;
    *out = json_loadb(text.ptr ? text.ptr : "", text.len, JSON_REJECT_DUPLICATES, &ignored);
    return *out ? ERR_OK : ERR_invalid_json;
}

struct str json_text(const json_t *string)
{
    return (struct str){json_string_value(string), json_string_length(string)};
}
