/* SPDX-License-Identifier: Apache-2.0
 *
 * The growing buffer. It doubles inside its arena and leaves the old bytes behind, which the arena
 * wipes with the rest. A buffer without an arena is as large as its first piece of memory and must
 * not outgrow it.
 */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/str.h"

void buf_init(struct buf *b, struct arena *a, size_t reserve)
{
    *b = (struct buf){.arena = a};
    if (reserve)
        buf_reserve(b, reserve);
}

static void grow(struct buf *b, size_t n)
{
    size_t need;
    size_t cap;
    assert(b->arena);
    if (__builtin_add_overflow(b->len, n, &need) || __builtin_mul_overflow(b->cap, 2, &cap))
        abort();
    if (cap < need)
        cap = need;
    char *bigger = arena_alloc(b->arena, cap);
    if (b->ptr)
        memcpy(bigger, b->ptr, b->len);
    b->ptr = bigger;
    b->cap = cap;
}

char *buf_reserve(struct buf *b, size_t n)
{
    if (!b->ptr || n > b->cap - b->len)
        grow(b, n);
    return b->ptr + b->len;
}

void buf_add(struct buf *b, const void *bytes, size_t n)
{
    if (n == 0)
        return;
    memcpy(buf_reserve(b, n), bytes, n);
    b->len += n;
}

void buf_str(struct buf *b, struct str s)
{
    buf_add(b, s.ptr, s.len);
}

void buf_char(struct buf *b, char c)
{
    *buf_reserve(b, 1) = c;
    b->len++;
}

void buf_int(struct buf *b, int64_t v)
{
    char text[20];
    size_t at = sizeof(text);
    uint64_t left = v < 0 ? -(uint64_t)v : (uint64_t)v;
    do {
        text[--at] = (char)('0' + left % 10);
        left /= 10;
    } while (left);
    if (v < 0)
        text[--at] = '-';
    buf_add(b, text + at, sizeof(text) - at);
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    assert(n >= 0);
    char *at = buf_reserve(b, (size_t)n + 1);
    va_start(args, fmt);
    vsnprintf(at, (size_t)n + 1, fmt, args);
    va_end(args);
    b->len += (size_t)n;
}

struct str buf_view(const struct buf *b)
{
    return (struct str){b->ptr ? b->ptr : "", b->len};
}
