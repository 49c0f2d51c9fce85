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

/* 0..63, or -1. */
static int digit_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '-')
        return 62;
    return c == '_' ? 63 : -1;
}

bool base64url_decode(struct str in, void *out, size_t max, size_t *n)
{
    size_t size = in.len / 4 * 3 + (in.len % 4 ? in.len % 4 - 1 : 0);
    if (in.len % 4 == 1 || size > max)
        return false;
    uint8_t *to = out;
    uint32_t bits = 0;
    unsigned held = 0;
    for (size_t i = 0; i < in.len; i++) {
        int value = digit_value(in.ptr[i]);
        if (value < 0)
            return false;
        bits = bits << 6 | (uint32_t)value;
        held += 6;
        if (held >= 8) {
            held -= 8;
            *to++ = (uint8_t)(bits >> held);
        }
    }
    if (bits & ((1U << held) - 1))
        return false;
    *n = size;
    return true;
}

void hex_encode(char *out, const void *bytes, size_t n)
{
    const uint8_t *in = bytes;
    for (size_t i = 0; i < n; i++) {
        out[2 * i] = "0123456789abcdef"[in[i] >> 4];
        out[2 * i + 1] = "0123456789abcdef"[in[i] & 15];
    }
}
