/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as a request target: split, matched against the real routes, its query read. What is
 * found has the shape of its row, and every value is text without a slash or a dot segment.
 */
#include "base/arena.h"
#include "fuzz.h"
#include "http/match.h"
#include "http/percent.h"

static void check_text(struct str s)
{
    assert(utf8_valid(s) && str_find(s, '\0') == s.len);
}

static void check_segment(struct str s)
{
    check_text(s);
    for (size_t i = 0; i < s.len; i++)
        assert((unsigned char)s.ptr[i] >= ' ' && s.ptr[i] != 0x7F);
    assert(s.len > 0 && str_find(s, '/') == s.len);
    assert(!str_eq(s, STR(".")) && !str_eq(s, STR("..")));
}

static void check_path(struct arena *a, struct str raw)
{
    struct path_segments path;
    struct field_values values;
    if (path_split(a, raw, &path) != ERR_OK)
        return;
    for (size_t i = 0; i < path.n; i++)
        check_segment(path.items[i]);
    const struct endpoint *found = match_path(&path, &values);
    if (!found)
        return;
    struct str rest = str_of(found->any->path + 1);
    struct str piece;
    for (size_t i = 0; i < path.n; i++) {
        bool split = str_split(&rest, '/', &piece);
        assert(split && (piece.ptr[0] == '{' || str_eq(piece, path.items[i])));
    }
    assert(!rest.ptr);
}

static void check_query(struct arena *a, struct str raw)
{
    struct field_values values;
    if (query_parse(a, raw, &values) != ERR_OK)
        return;
    for (size_t i = 0; i < values.n; i++) {
        struct buf b;
        struct str back;
        check_text(values.names[i]);
        check_text(values.values[i]);
        assert(str_eq(values_get(&values, values.names[i]), values.values[i]));
        buf_init(&b, a, 64);
        percent_encode(&b, values.values[i]);
        bool decoded = percent_decode(a, buf_view(&b), PERCENT_QUERY, &back);
        assert(decoded && str_eq(back, values.values[i]));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool ready;
    struct arena *a = arena_create(4096);
    struct str target = {(const char *)data, size};
    size_t end = str_find(target, '?');
    if (!ready)
        match_setup();
    ready = true;
    check_path(a, str_slice(target, 0, end));
    check_query(a, str_slice(target, end + 1, size));
    arena_destroy(a);
    return 0;
}
