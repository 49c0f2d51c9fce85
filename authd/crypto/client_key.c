/* SPDX-License-Identifier: Apache-2.0
 *
 * Client and operator keys: a prefix that says what the key may do, 24 random base62 characters,
 * and six characters of checksum. The checksum is no secret; it turns away typos and random strings
 * before any look-up, and lets a scanner of source repositories recognise a leaked key.
 */
#include <assert.h>

#include "crypto/token.h"

static const char base62[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

enum { PREFIX_MIN = 3, PREFIX_MAX = 8, TAIL_LEN = KEY_RANDOM_LEN + KEY_CHECK_LEN };

/* CRC-32 as in IEEE 802.3 and gzip, bit by bit: 32 bytes are hashed, a table would only be code. */
static uint32_t crc32_of(const char *bytes, size_t n)
{
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < n; i++) {
        crc ^= (uint8_t)bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? UINT32_C(0xEDB88320) : 0);
    }
    return ~crc;
}

static void write_check(const char *text, size_t n, char out[KEY_CHECK_LEN])
{
    uint32_t crc = crc32_of(text, n);
    for (int i = KEY_CHECK_LEN - 1; i >= 0; i--) {
        out[i] = base62[crc % 62];
        crc /= 62;
    }
}

void key_generate(const char *prefix, char out[KEY_TEXT_MAX + 1])
{
    size_t n = strlen(prefix);
    assert(n >= PREFIX_MIN && n <= PREFIX_MAX);
    memcpy(out, prefix, n);
    for (size_t end = n + KEY_RANDOM_LEN; n < end; n++)
        out[n] = base62[random_below(62)];
    write_check(out, n, out + n);
    out[n + KEY_CHECK_LEN] = '\0';
}

/* Lower-case words, each followed by an underscore. */
static bool is_prefix(struct str s)
{
    if (s.len < PREFIX_MIN || s.len > PREFIX_MAX || s.ptr[s.len - 1] != '_')
        return false;
    for (size_t i = 0; i < s.len; i++) {
        bool letter = s.ptr[i] >= 'a' && s.ptr[i] <= 'z';
        bool ends_word = s.ptr[i] == '_' && i > 0 && s.ptr[i - 1] != '_';
        if (!letter && !ends_word)
            return false;
    }
    return true;
}

static bool is_base62(struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (!memchr(base62, s.ptr[i], sizeof(base62) - 1))
            return false;
    }
    return true;
}

bool key_check(struct str key, size_t *prefix_len)
{
    *prefix_len = 0;
    if (key.len < PREFIX_MIN + TAIL_LEN || key.len > KEY_TEXT_MAX)
        return false;
    size_t n = key.len - TAIL_LEN;
    if (!is_prefix(str_slice(key, 0, n)) || !is_base62(str_slice(key, n, key.len)))
        return false;
    char check[KEY_CHECK_LEN];
    write_check(key.ptr, key.len - KEY_CHECK_LEN, check);
    if (memcmp(check, key.ptr + key.len - KEY_CHECK_LEN, KEY_CHECK_LEN) != 0)
        return false;
    *prefix_len = n;
    return true;
}

void key_hash(struct str key, uint8_t out[TOKEN_HASH_LEN])
{
    plain_hash(key, out);
}
