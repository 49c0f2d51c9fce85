/* SPDX-License-Identifier: Apache-2.0
 *
 * Any JSON as a policy document or a patch to one, and any text as a policy of the command line: a
 * document that is accepted is within every row's range and survives being written and read again.
 */
#include "base/arena.h"
#include "domain/policy.h"
#include "fuzz.h"

static struct str write_policy(struct arena *a, const struct policy *policy)
{
    struct buf b;
    struct json_writer w;
    buf_init(&b, a, 1024);
    json_start(&w, &b);
    json_object_start(&w);
    for (size_t i = 0; i < policy_row_count; i++) {
        json_key(&w, str_of(policy_rows[i].name));
        policy_write_value(&w, policy, &policy_rows[i]);
    }
    json_object_end(&w);
    return buf_view(&b);
}

static void check_ranges(const struct policy *policy)
{
    for (size_t i = 0; i < policy_row_count; i++) {
        const struct policy_row *row = &policy_rows[i];
        int64_t v;
        if (row->type != POLICY_duration && row->type != POLICY_number)
            continue;
        memcpy(&v, (const char *)policy + row->offset, sizeof(v));
        assert(v >= row->min && v <= row->max);
    }
}

static void check_round_trip(struct arena *a, const json_t *document)
{
    struct problems p = {.arena = a};
    struct policy policy;
    struct policy again;
    bool good = policy_from_json(a, document, &policy, &p);
    assert(good == (p.n == 0));
    check_ranges(&policy);
    struct str text = write_policy(a, &policy);
    json_t *written;
    enum err e = json_read(text, &written);
    assert(e == ERR_OK);
    good = policy_from_json(a, written, &again, NULL);
    assert(good && str_eq(text, write_policy(a, &again)));
    json_decref(written);
}

static void check_patch(struct arena *a, const json_t *patch)
{
    struct problems p = {.arena = a};
    struct policy policy;
    json_t *document = policy_patch(a, NULL, patch, &p);
    assert((document == NULL) == (p.n > 0));
    if (!document)
        return;
    bool good = policy_from_json(a, document, &policy, NULL);
    assert(good);
    json_decref(document);
}

static void check_text(struct arena *a, struct str text)
{
    for (size_t i = 0; i < policy_row_count; i++) {
        struct problems p = {.arena = a};
        json_t *value = policy_value_from_text(&policy_rows[i], text, &p);
        assert((value == NULL) == (p.n == 1));
        json_decref(value);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_create(1024);
    struct str text = {(const char *)data, size};
    json_t *document;
    if (json_read(text, &document) == ERR_OK) {
        check_round_trip(a, document);
        check_patch(a, document);
        json_decref(document);
    }
    check_text(a, text);
    arena_destroy(a);
    return 0;
}
