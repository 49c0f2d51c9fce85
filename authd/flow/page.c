/* SPDX-License-Identifier: Apache-2.0
 *
 * Pages and their cursors.
 */
#include "flow/page.h"

#include <pthread.h>

#include "crypto/seal.h"
#include "flow/cursor.h"
#include "store/store.h"

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

/* The list's name has no blank, so that list and filter cannot run into each other. */
static struct str scope_of(struct arena *a, const struct page_frame *frame)
{
    struct buf b;
    buf_init(&b, a, 64);
    buf_str(&b, frame->list);
    buf_char(&b, ' ');
    buf_str(&b, frame->filter);
    return buf_view(&b);
}

enum err page_open(struct call *c, const struct page_in *in, const struct page_frame *frame,
                   struct page_query *out)
{
    int64_t limit = in->limit ? in->limit : PAGE_LIMIT_DEFAULT;
    *out = (struct page_query){.limit = limit + 1};
    if (!str_is_set(in->cursor))
        return ERR_OK;
    struct cursor *at = arena_new(c->arena, struct cursor);
    if (cursor_read(c->arena, frame->key, scope_of(c->arena, frame), in->cursor, at)) {
        out->after = id_str(&at->id);
        return ERR_OK;
    }
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
    struct cursor at = {.id = *last};
    out->next_cursor = cursor_text(c->arena, frame->key, scope_of(c->arena, frame), &at);
}
