/* SPDX-License-Identifier: Apache-2.0
 *
 * Sets of bytes as tables, for the checks that every byte of every request passes: one load per
 * byte, where comparing with ranges and lists of marks cost a quarter of a cheap request.
 *
 *     static const struct char_set hex = {{CHARS_DIGITS, ['a'] = true, ...}};
 */
#ifndef AUTHD_BASE_CHARS_H
#define AUTHD_BASE_CHARS_H

#include "base/str.h"

struct char_set {
    bool has[256];
};

/* clang-format off */
#define CHARS_DIGITS \
    ['0'] = true, ['1'] = true, ['2'] = true, ['3'] = true, ['4'] = true, ['5'] = true, \
    ['6'] = true, ['7'] = true, ['8'] = true, ['9'] = true
#define CHARS_LOWER \
    ['a'] = true, ['b'] = true, ['c'] = true, ['d'] = true, ['e'] = true, ['f'] = true, \
    ['g'] = true, ['h'] = true, ['i'] = true, ['j'] = true, ['k'] = true, ['l'] = true, \
    ['m'] = true, ['n'] = true, ['o'] = true, ['p'] = true, ['q'] = true, ['r'] = true, \
    ['s'] = true, ['t'] = true, ['u'] = true, ['v'] = true, ['w'] = true, ['x'] = true, \
    ['y'] = true, ['z'] = true
#define CHARS_UPPER \
    ['A'] = true, ['B'] = true, ['C'] = true, ['D'] = true, ['E'] = true, ['F'] = true, \
    ['G'] = true, ['H'] = true, ['I'] = true, ['J'] = true, ['K'] = true, ['L'] = true, \
    ['M'] = true, ['N'] = true, ['O'] = true, ['P'] = true, ['Q'] = true, ['R'] = true, \
    ['S'] = true, ['T'] = true, ['U'] = true, ['V'] = true, ['W'] = true, ['X'] = true, \
    ['Y'] = true, ['Z'] = true
/* clang-format on */
#define CHARS_ALNUM CHARS_DIGITS, CHARS_LOWER, CHARS_UPPER

static inline bool char_in(const struct char_set *set, char c)
{
    return set->has[(unsigned char)c];
}

/* How many bytes at the start of s are in the set. */
static inline size_t chars_span(const struct char_set *set, struct str s)
{
    size_t n = 0;
    while (n < s.len && char_in(set, s.ptr[n]))
        n++;
    return n;
}

/* Not true of an empty string. Four bytes a turn, because tokens are a thousand bytes long. */
static inline bool chars_all(const struct char_set *set, struct str s)
{
    bool all = s.len > 0;
    size_t i = 0;
    for (; all && s.len - i >= 4; i += 4)
        all = char_in(set, s.ptr[i]) & char_in(set, s.ptr[i + 1]) & char_in(set, s.ptr[i + 2]) &
              char_in(set, s.ptr[i + 3]);
    for (; all && i < s.len; i++)
        all = char_in(set, s.ptr[i]);
    return all;
}

#endif
