/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as the body of every route in turn. What is accepted can be written and read again, and
 * what is refused says why.
 */
#include "base/arena.h"
#include "fuzz.h"
#include "http/route.h"

static void decode(struct arena *a, const struct fields *fields, json_t *body)
{
    struct problems problems = {.arena = a};
    struct field_values path = {.n = 0};
    void *in = arena_alloc(a, fields->size);
    enum err e = fields_decode(a, fields, body, &path, NULL, in, &problems);
    assert((e == ERR_OK) == (problems.n == 0) || e == ERR_not_found);
    for (size_t i = 0; i < problems.n; i++)
        assert(problems.list[i].code && problems.list[i].message.len > 0);
    if (e)
        return;
    struct buf b;
    struct json_writer w;
    json_t *again;
    buf_init(&b, a, 256);
    json_start(&w, &b);
    json_object_start(&w);
    fields_encode(&w, fields, in);
    json_object_end(&w);
    enum err read = json_read(buf_view(&b), &again);
    assert(read == ERR_OK);
    json_decref(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    json_t *body;
    if (json_read((struct str){(const char *)data, size}, &body) != ERR_OK)
        return 0;
    for (size_t i = 0; i < route_count; i++) {
        struct arena *a = arena_create(4096);
        if (routes[i].in)
            decode(a, routes[i].in, body);
        arena_destroy(a);
    }
    json_decref(body);
    return 0;
}
