/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as UTF-8 and as base64url: there is one spelling per byte string, and nothing is read
 * past the end.
 */
#include <stdlib.h>

#include "base/arena.h"
#include "base/utf8.h"
#include "fuzz.h"

static void check_utf8(struct str text)
{
    uint32_t code_point;
    size_t points = 0;
    for (size_t at = 0, n; at < text.len; at += n) {
        n = utf8_decode(text, at, &code_point);
        if (n == 0) {
            assert(!utf8_valid(text));
            return;
        }
        assert(code_point <= 0x10FFFF && (code_point < 0xD800 || code_point > 0xDFFF));
        points++;
    }
    assert(utf8_valid(text) && utf8_length(text) == points);
}

static void check_decoding(struct arena *arena, struct str text)
{
    size_t n;
    char *bytes = arena_alloc(arena, text.len);
    char *again = arena_alloc(arena, text.len);
    if (!base64url_decode(text, bytes, text.len, &n))
        return;
    assert(base64url_encode(again, bytes, n) == text.len);
    assert(str_eq((struct str){again, text.len}, text));
}

static void check_encoding(struct arena *arena, struct str bytes)
{
    size_t n;
    char *text = arena_alloc(arena, BASE64URL_LEN(bytes.len));
    char *back = arena_alloc(arena, bytes.len);
    size_t len = base64url_encode(text, bytes.ptr, bytes.len);
    bool decoded = base64url_decode((struct str){text, len}, back, bytes.len, &n);
    assert(decoded && str_eq((struct str){back, n}, bytes));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = {(const char *)data, size};
    struct arena *arena = arena_create(0);
    check_utf8(text);
    check_decoding(arena, text);
    check_encoding(arena, text);
    arena_destroy(arena);
    return 0;
}
