/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading what strangers wrote. The decoder takes one spelling of every byte string; libsodium's
 * (1.0.18) takes any byte from 0x80 up for an underscore. jansson recurses per level, so depth is
 * counted over the bytes before it sees them.
 */
#include "verify/text.h"

#include <stdint.h>

enum { DEPTH_MAX = 32 };

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

bool authdv_same_word(struct slice a, struct slice b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++) {
        if (lower(a.ptr[i]) != lower(b.ptr[i]))
            return false;
    }
    return true;
}

/* 0 to 63, or -1. */
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

/* The bits that a last character has too many are zero, and fewer than a character's. */
bool authdv_base64url(struct slice in, void *out, size_t max, size_t *n)
{
    unsigned char *to = out;
    uint32_t bits = 0;
    unsigned held = 0;
    *n = 0;
    if (in.len % 4 == 1 || in.len / 4 * 3 + in.len % 4 * 3 / 4 > max)
        return false;
    for (size_t i = 0; i < in.len; i++) {
        int value = digit_value(in.ptr[i]);
        if (value < 0)
            return false;
        bits = bits << 6 | (uint32_t)value;
        held += 6;
        if (held < 8)
            continue;
        held -= 8;
        to[(*n)++] = (unsigned char)(bits >> held);
    }
    return (bits & ((1U << held) - 1)) == 0;
}

/* Position of the quote that ends the string that starts at `at`, or the end of the text. */
static size_t skip_string(struct slice text, size_t at)
{
    while (at < text.len && text.ptr[at] != '"')
        at += text.ptr[at] == '\\' ? 2 : 1;
    return at;
}

static bool depth_is_allowed(struct slice text)
{
    int depth = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '"')
            i = skip_string(text, i + 1);
        else if (c == '{' || c == '[')
            depth++;
        else if (c == '}' || c == ']')
            depth--;
        if (depth > DEPTH_MAX)
            return false;
    }
    return true;
}

json_t *authdv_json_object(struct slice text)
{
    json_error_t ignored;
    if (text.len == 0 || memchr(text.ptr, '\0', text.len) || !depth_is_allowed(text))
        return NULL;
    json_t *value = json_loadb(text.ptr, text.len, JSON_REJECT_DUPLICATES, &ignored);
    if (json_is_object(value))
        return value;
    json_decref(value);
    return NULL;
}

struct slice authdv_json_text(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    if (!json_is_string(value))
        return (struct slice){NULL, 0};
    return (struct slice){json_string_value(value), json_string_length(value)};
}

bool authdv_copy_text(char out[], size_t size, struct slice text)
{
    if (text.len == 0 || text.len >= size)
        return false;
    memcpy(out, text.ptr, text.len);
    out[text.len] = '\0';
    return true;
}
