/* SPDX-License-Identifier: Apache-2.0
 *
 * Pages and their cursors.
 */
#include "flow/page.h"

#include <pthread.h>

#include "crypto/seal.h"
#include "store/store.h"

enum { CURSOR_SEALED_LEN = ID_LEN + SEAL_OVERHEAD };

static uint8_t control_key[SEAL_KEY_LEN];
static pthread_once_t control_key_once = PTHREAD_ONCE_INIT;

static void control_key_derive(void)
{
    seal_derive(store_config.root_key, "authdcur", 1, control_key);
}

const uint8_t *page_control_key(void)
{
    pthread_once(&control_key_once, control_key_derive);
    return control_key;
}

static struct seal_place cursor_place(const struct page_frame *frame)
{
    return (struct seal_place){
        .tenant = STR("list"), .table = frame->list, .column = STR("cursor"), .row = frame->filter};
}

static struct str cursor_seal(struct arena *a, const struct page_frame *frame,
                              const struct id *last)
{
    uint8_t sealed[CURSOR_SEALED_LEN];
    struct seal_place place = cursor_place(frame);
    seal(frame->key, &place, last->z, ID_LEN, sealed);
    char *text = arena_alloc(a, BASE64URL_LEN(sizeof(sealed)));
    return (struct str){text, base64url_encode(text, sealed, sizeof(sealed))};
}

static bool cursor_open(struct arena *a, const struct page_frame *frame, struct str cursor,
                        struct str *last)
{
    uint8_t sealed[CURSOR_SEALED_LEN];
    size_t n;
    if (!base64url_decode(cursor, sealed, sizeof(sealed), &n) || n != sizeof(sealed))
        return false;
    struct seal_place place = cursor_place(frame);
    uint8_t *plain = arena_alloc(a, ID_LEN);
    if (seal_open(frame->key, &place, sealed, n, plain) != ERR_OK)
        return false;
    *last = (struct str){(const char *)plain, ID_LEN};
    return true;
}

enum err page_open(struct call *c, const struct page_in *in, const struct page_frame *frame,
                   struct page_query *out)
{
    int64_t limit = in->limit ? in->limit : PAGE_LIMIT_DEFAULT;
    *out = (struct page_query){.limit = limit + 1};
    if (!str_is_set(in->cursor) || cursor_open(c->arena, frame, in->cursor, &out->after))
        return ERR_OK;
    problem_add(&c->problems, STR("cursor"), "malformed",
                "The cursor is not one that this list with this filter has given.");
    return ERR_validation_failed;
}

void page_close(struct call *c, const struct page_frame *frame, const struct page_query *query,
                const void *items, size_t n, size_t size, struct page_out *out)
{
    size_t limit = (size_t)query->limit - 1;
    *out = (struct page_out){.data = {.items = items, .n = n < limit ? n : limit},
                             .has_more = n > limit};
    if (!out->has_more)
        return;
    const struct id *last = (const struct id *)((const char *)items + (limit - 1) * size);
    out->next_cursor = cursor_seal(c->arena, frame, last);
}
