/* SPDX-License-Identifier: Apache-2.0
 *
 * Strings with a length: comparing, cutting, copying into an arena and reading numbers. Nothing
 * here depends on the locale.
 */
#include "base/str.h"

#include "base/arena.h"

static char ascii_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static bool ascii_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

bool str_ieq(struct str a, struct str b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++) {
        if (ascii_lower(a.ptr[i]) != ascii_lower(b.ptr[i]))
            return false;
    }
    return true;
}

bool str_starts(struct str s, struct str prefix)
{
    return s.len >= prefix.len && str_eq((struct str){s.ptr, prefix.len}, prefix);
}

bool str_ends(struct str s, struct str suffix)
{
    return s.len >= suffix.len && str_eq(str_slice(s, s.len - suffix.len, s.len), suffix);
}

size_t str_find(struct str s, char c)
{
    const char *hit = s.len ? memchr(s.ptr, c, s.len) : NULL;
    return hit ? (size_t)(hit - s.ptr) : s.len;
}

struct str str_slice(struct str s, size_t from, size_t to)
{
    if (!s.ptr)
        return STR_NONE;
    if (to > s.len)
        to = s.len;
    if (from > to)
        from = to;
    return (struct str){s.ptr + from, to - from};
}

struct str str_trim(struct str s)
{
    size_t from = 0;
    size_t to = s.len;
    while (from < to && ascii_blank(s.ptr[from]))
        from++;
    while (to > from && ascii_blank(s.ptr[to - 1]))
        to--;
    return str_slice(s, from, to);
}

bool str_split(struct str *rest, char sep, struct str *piece)
{
    if (!rest->ptr)
        return false;
    size_t at = str_find(*rest, sep);
    *piece = str_slice(*rest, 0, at);
    *rest = at < rest->len ? str_slice(*rest, at + 1, rest->len) : STR_NONE;
    return true;
}

struct str str_copy(struct arena *a, struct str s)
{
    if (!s.ptr)
        return STR_NONE;
    char *copy = arena_alloc(a, s.len);
    if (s.len)
        memcpy(copy, s.ptr, s.len);
    return (struct str){copy, s.len};
}

const char *str_z(struct arena *a, struct str s)
{
    char *copy = arena_alloc(a, s.len + 1);
    if (s.len)
        memcpy(copy, s.ptr, s.len);
    return copy;
}

/* Accumulates below zero, where INT64_MIN fits too. */
static bool parse_negative(struct str digits, int64_t *out)
{
    int64_t v = 0;
    for (size_t i = 0; i < digits.len; i++) {
        char c = digits.ptr[i];
        if (c < '0' || c > '9' || __builtin_mul_overflow(v, 10, &v) ||
            __builtin_sub_overflow(v, c - '0', &v))
            return false;
    }
    *out = v;
    return digits.len > 0;
}

bool str_to_int(struct str s, int64_t min, int64_t max, int64_t *out)
{
    bool minus = min < 0 && s.len > 0 && s.ptr[0] == '-';
    int64_t v;
    if (!parse_negative(str_slice(s, minus, s.len), &v))
        return false;
    if (!minus && __builtin_sub_overflow(0, v, &v))
        return false;
    if (v < min || v > max)
        return false;
    *out = v;
    return true;
}

bool bytes_equal_secret(const void *a, const void *b, size_t len)
{
    const volatile uint8_t *x = a;
    const volatile uint8_t *y = b;
    uint8_t difference = 0;
    for (size_t i = 0; i < len; i++)
        difference |= x[i] ^ y[i];
    return difference == 0;
}

void bytes_wipe(void *p, size_t len)
{
    if (len)
        explicit_bzero(p, len);
}
