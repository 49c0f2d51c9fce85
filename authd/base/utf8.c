/* SPDX-License-Identifier: Apache-2.0
 *
 * UTF-8 as RFC 3629 section 4 defines it. The lead byte decides the length and the range of the
 * second byte; that range is what excludes over-long forms, surrogates and everything above
 * U+10FFFF.
 */
#include "base/utf8.h"

struct lead {
    uint8_t from, to; /* lead bytes */
    uint8_t len;
    uint8_t low, high; /* second byte */
};

/* clang-format off */
static const struct lead leads[] = {
    {0xC2, 0xDF, 2, 0x80, 0xBF},
    {0xE0, 0xE0, 3, 0xA0, 0xBF},
    {0xE1, 0xEC, 3, 0x80, 0xBF},
    {0xED, 0xED, 3, 0x80, 0x9F},
    {0xEE, 0xEF, 3, 0x80, 0xBF},
    {0xF0, 0xF0, 4, 0x90, 0xBF},
    {0xF1, 0xF3, 4, 0x80, 0xBF},
    {0xF4, 0xF4, 4, 0x80, 0x8F},
};
/* clang-format on */

static const struct lead *find_lead(uint8_t byte)
{
    for (size_t i = 0; i < sizeof(leads) / sizeof(leads[0]); i++) {
        if (byte >= leads[i].from && byte <= leads[i].to)
            return &leads[i];
    }
    return NULL;
}

static size_t decode_multibyte(const uint8_t *p, size_t left, uint32_t *code_point)
{
    const struct lead *lead = find_lead(p[0]);
    if (!lead || left < lead->len || p[1] < lead->low || p[1] > lead->high)
        return 0;
    uint32_t value = p[0] & (0x7FU >> lead->len);
    for (size_t i = 1; i < lead->len; i++) {
        if ((p[i] & 0xC0) != 0x80)
            return 0;
        value = value << 6 | (p[i] & 0x3FU);
    }
    *code_point = value;
    return lead->len;
}

size_t utf8_decode(struct str s, size_t at, uint32_t *code_point)
{
    const uint8_t *p = (const uint8_t *)s.ptr + at;
    if (p[0] >= 0x80)
        return decode_multibyte(p, s.len - at, code_point);
    *code_point = p[0];
    return 1;
}

bool utf8_valid(struct str s)
{
    uint32_t code_point;
    for (size_t at = 0; at < s.len;) {
        size_t n = utf8_decode(s, at, &code_point);
        if (n == 0)
            return false;
        at += n;
    }
    return true;
}

size_t utf8_length(struct str s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.len; i++)
        n += ((uint8_t)s.ptr[i] & 0xC0) != 0x80;
    return n;
}
