/* SPDX-License-Identifier: Apache-2.0
 *
 * Ids: a prefix and a ULID. Only the canonical spelling is accepted, so an id is equal to another
 * exactly when its bytes are, and text, database and log agree.
 */
#include "base/id.h"

static const char crockford[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/* The 128 bits as two halves; 26 characters hold 130, the upper two are zero. */
struct bits {
    uint64_t high;
    uint64_t low;
};

static uint64_t load_be64(const uint8_t *p)
{
    uint64_t v = 0;
    for (int i = 0; i < 8; i++)
        v = v << 8 | p[i];
    return v;
}

static void store_be64(uint8_t *p, uint64_t v)
{
    for (int i = 7; i >= 0; i--) {
        p[i] = (uint8_t)v;
        v >>= 8;
    }
}

static void encode(char *out, struct bits b)
{
    for (int i = ULID_LEN - 1; i >= 0; i--) {
        out[i] = crockford[b.low & 31];
        b.low = b.low >> 5 | b.high << 59;
        b.high >>= 5;
    }
}

/* clang-format off */
/* The value of a digit and one more, so that what is no digit is 0. */
static const uint8_t values[256] = {
    ['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
    ['8'] = 9,  ['9'] = 10, ['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16,
    ['G'] = 17, ['H'] = 18, ['J'] = 19, ['K'] = 20, ['M'] = 21, ['N'] = 22, ['P'] = 23, ['Q'] = 24,
    ['R'] = 25, ['S'] = 26, ['T'] = 27, ['V'] = 28, ['W'] = 29, ['X'] = 30, ['Y'] = 31, ['Z'] = 32};
/* clang-format on */

/* 0..31, or -1. */
static int digit_value(char c)
{
    return values[(unsigned char)c] - 1;
}

static bool decode(const char *text, struct bits *b)
{
    *b = (struct bits){0, 0};
    if (digit_value(text[0]) > 7)
        return false;
    for (int i = 0; i < ULID_LEN; i++) {
        int value = digit_value(text[i]);
        if (value < 0)
            return false;
        b->high = b->high << 5 | b->low >> 59;
        b->low = b->low << 5 | (uint64_t)value;
    }
    return true;
}

struct id id_from_bytes(const char *prefix, const uint8_t bytes[ULID_BYTES])
{
    struct id id;
    memcpy(id.z, prefix, ID_PREFIX_LEN);
    encode(id.z + ID_PREFIX_LEN, (struct bits){load_be64(bytes), load_be64(bytes + 8)});
    id.z[ID_LEN] = '\0';
    return id;
}

struct id id_new(const char *prefix, int64_t wall_ms)
{
    uint8_t bytes[ULID_BYTES];
    store_be64(bytes, (uint64_t)wall_ms << 16);
    random_bytes(bytes + 6, ULID_BYTES - 6);
    return id_from_bytes(prefix, bytes);
}

bool id_parse(struct str s, const char *prefix, struct id *out)
{
    struct bits ignored;
    *out = (struct id){{0}};
    if (s.len != ID_LEN || memcmp(s.ptr, prefix, ID_PREFIX_LEN) != 0 ||
        !decode(s.ptr + ID_PREFIX_LEN, &ignored))
        return false;
    memcpy(out->z, s.ptr, ID_LEN);
    return true;
}

void id_to_bytes(const struct id *id, uint8_t out[ULID_BYTES])
{
    struct bits b;
    decode(id->z + ID_PREFIX_LEN, &b);
    store_be64(out, b.high);
    store_be64(out + 8, b.low);
}
