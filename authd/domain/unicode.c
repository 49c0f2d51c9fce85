/* SPDX-License-Identifier: Apache-2.0
 *
 * Normal form C and the characters that make two different identities look alike. Software behind
 * us (mail servers, IDNA, other identity providers) applies compatibility mappings that we do not;
 * a character that such a mapping turns into '@', '.' or any other ASCII would let a later stage
 * see another address than the one judged here (GHSA-7rqj-j65f-68wh), so it is refused.
 */
#include "domain/unicode.h"

#include <assert.h>
#include <utf8proc.h>

#include "base/arena.h"

enum { DECOMPOSITION_MAX = 32 }; /* U+FDFA has 18 */

#define CATEGORY(name) (1u << UTF8PROC_CATEGORY_##name)
static const unsigned invisible = CATEGORY(CN) | CATEGORY(ZS) | CATEGORY(ZL) | CATEGORY(ZP) |
                                  CATEGORY(CC) | CATEGORY(CF) | CATEGORY(CS) | CATEGORY(CO) |
                                  CATEGORY(ME);
static const unsigned marks = CATEGORY(MN) | CATEGORY(MC) | CATEGORY(ME);

/* Full stops of other scripts that IDNA maps to '.', or that look exactly like it (UTS 39). */
static const int32_t dots[] = {0x0701, 0x0702, 0x3002,  0xa4f8, 0xa60e,
                               0xfe12, 0xff61, 0x10a50, 0x1d16d};

static bool in_category(int32_t code_point, unsigned set)
{
    return (set >> utf8proc_category(code_point)) & 1;
}

bool unicode_nfc(struct arena *a, struct str text, struct str *out)
{
    if (!text.ptr || memchr(text.ptr, 0, text.len) || !utf8_valid(text))
        return false;
    const uint8_t *bytes = (const uint8_t *)text.ptr;
    const utf8proc_option_t nfc = UTF8PROC_STABLE | UTF8PROC_COMPOSE;
    utf8proc_ssize_t len = (utf8proc_ssize_t)text.len;
    utf8proc_ssize_t n = utf8proc_decompose(bytes, len, NULL, 0, nfc);
    if (n < 0)
        return false;
    int32_t *points = arena_array(a, (size_t)n + 1, sizeof(*points));
    n = utf8proc_decompose(bytes, len, points, n, nfc);
    n = n < 0 ? n : utf8proc_reencode(points, n, nfc);
    if (n < 0)
        return false;
    *out = (struct str){(const char *)points, (size_t)n};
    return true;
}

bool unicode_next(struct str *rest, int32_t *code_point)
{
    if (rest->len == 0)
        return false;
    utf8proc_ssize_t n =
        utf8proc_iterate((const uint8_t *)rest->ptr, (utf8proc_ssize_t)rest->len, code_point);
    assert(n > 0);
    *rest = str_slice(*rest, (size_t)n, rest->len);
    return true;
}

bool unicode_printable(int32_t code_point)
{
    const int32_t braille_blank = 0x2800;
    return !in_category(code_point, invisible) && !utf8proc_get_property(code_point)->ignorable &&
           code_point != braille_blank;
}

bool unicode_combining(int32_t code_point)
{
    return in_category(code_point, marks);
}

/* Writes the decomposition of one code point, compatibility mappings included when asked. */
static size_t decompose(int32_t code_point, int32_t out[DECOMPOSITION_MAX], bool compatibility)
{
    unsigned options = UTF8PROC_STABLE | UTF8PROC_DECOMPOSE;
    if (compatibility)
        options |= UTF8PROC_COMPAT;
    int boundary = 0;
    utf8proc_ssize_t n = utf8proc_decompose_char(code_point, out, DECOMPOSITION_MAX,
                                                 (utf8proc_option_t)options, &boundary);
    assert(n > 0 && n <= DECOMPOSITION_MAX);
    return (size_t)n;
}

/* An accented letter decomposes to ASCII too, but canonically: NFC has it composed for everybody.
 */
static bool maps_to_ascii(int32_t code_point)
{
    int32_t canonical[DECOMPOSITION_MAX];
    int32_t folded[DECOMPOSITION_MAX];
    size_t n = decompose(code_point, folded, true);
    bool ascii = false;
    for (size_t i = 0; i < n; i++)
        ascii = ascii || folded[i] < 0x80;
    if (!ascii)
        return false;
    return decompose(code_point, canonical, false) != n ||
           memcmp(canonical, folded, n * sizeof(*folded)) != 0;
}

bool unicode_confusable(int32_t code_point)
{
    for (size_t i = 0; i < sizeof(dots) / sizeof(*dots); i++) {
        if (code_point == dots[i])
            return true;
    }
    return code_point >= 0x80 && maps_to_ascii(code_point);
}
