/* SPDX-License-Identifier: Apache-2.0
 *
 * Bytes as text: base64url without padding, and hex. Decoding accepts exactly one spelling of every
 * byte string, so that a token cannot be altered and still be the same token.
 */
#include "base/str.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static void encode_tail(char *out, const uint8_t *in, size_t n)
{
    uint32_t v = (uint32_t)in[0] << 16 | (n == 2 ? (uint32_t)in[1] << 8 : 0);
    out[0] = digits[v >> 18];
    out[1] = digits[v >> 12 & 63];
    if (n == 2)
        out[2] = digits[v >> 6 & 63];
}

size_t base64url_encode(char *out, const void *bytes, size_t n)
{
    const uint8_t *in = bytes;
    size_t whole = n - n % 3;
    for (size_t i = 0; i < whole; i += 3) {
        uint32_t v = (uint32_t)in[i] << 16 | (uint32_t)in[i + 1] << 8 | in[i + 2];
        *out++ = digits[v >> 18];
        *out++ = digits[v >> 12 & 63];
        *out++ = digits[v >> 6 & 63];
        *out++ = digits[v & 63];
    }
    if (n > whole)
        encode_tail(out, in + whole, n - whole);
    return BASE64URL_LEN(n);
}

/* clang-format off */
/* The value of a digit and one more, so that what is no digit is 0. */
static const uint8_t values[256] = {
    ['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,  ['H'] = 8,
    ['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16,
    ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24,
    ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32,
    ['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40,
    ['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48,
    ['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
    ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['-'] = 63, ['_'] = 64};
/* clang-format on */

/* The bits of up to four digits, or UINT32_MAX when one of them is none. */
static uint32_t take_digits(const char *in, size_t n)
{
    uint32_t bits = 0;
    bool bad = false;
    for (size_t i = 0; i < n; i++) {
        uint32_t value = values[(unsigned char)in[i]];
        bad |= value == 0;
        bits = bits << 6 | ((value - 1) & 63);
    }
    return bad ? UINT32_MAX : bits;
}

/* The last two or three digits, whose lowest bits must be zero. */
static bool decode_tail(uint8_t *out, const char *in, size_t n)
{
    uint32_t bits = take_digits(in, n);
    unsigned slack = n == 2 ? 4 : 2;
    if (bits == UINT32_MAX || bits & ((1U << slack) - 1))
        return false;
    bits >>= slack;
    if (n == 3)
        *out++ = (uint8_t)(bits >> 8);
    *out = (uint8_t)bits;
    return true;
}

bool base64url_decode(struct str in, void *out, size_t max, size_t *n)
{
    size_t tail = in.len % 4;
    size_t size = in.len / 4 * 3 + (tail ? tail - 1 : 0);
    uint8_t *to = out;
    if (tail == 1 || size > max)
        return false;
    for (size_t i = 0; i < in.len - tail; i += 4, to += 3) {
        uint32_t bits = take_digits(in.ptr + i, 4);
        if (bits == UINT32_MAX)
            return false;
        to[0] = (uint8_t)(bits >> 16);
        to[1] = (uint8_t)(bits >> 8);
        to[2] = (uint8_t)bits;
    }
    *n = size;
    return tail == 0 || decode_tail(to, in.ptr + in.len - tail, tail);
}

void hex_encode(char *out, const void *bytes, size_t n)
{
    const uint8_t *in = bytes;
    for (size_t i = 0; i < n; i++) {
        out[2 * i] = "0123456789abcdef"[in[i] >> 4];
        out[2 * i + 1] = "0123456789abcdef"[in[i] & 15];
    }
}
