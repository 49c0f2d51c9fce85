/* SPDX-License-Identifier: Apache-2.0
 *
 * Random bytes from the kernel, and ids: a typed prefix and a ULID (48-bit milliseconds, 80 random
 * bits, 26 Crockford characters), e.g. usr_01JD9W8V3S8Q3ZK6T4N0E2M5RA. Ids are names, never
 * secrets.
 */
#ifndef AUTHD_BASE_ID_H
#define AUTHD_BASE_ID_H

#include "base/str.h"

/* Never fails: the process aborts without kernel randomness. */
void random_bytes(void *out, size_t n);
/* Uniform in [0, bound). */
uint32_t random_below(uint32_t bound);

enum { ULID_LEN = 26, ULID_BYTES = 16, ID_PREFIX_LEN = 4, ID_LEN = ID_PREFIX_LEN + ULID_LEN };

/* NUL-terminated "usr_01J..."; plain data, copied by value. z[0] == 0 means none. */
struct id {
    char z[ID_LEN + 1];
};

/* prefix has four characters including the underscore: "usr_". */
struct id id_new(const char *prefix, int64_t wall_ms);
/* Exactly the prefix and 26 canonical upper-case characters that fit 128 bits. */
bool id_parse(struct str s, const char *prefix, struct id *out);
static inline struct str id_str(const struct id *id)
{
    return (struct str){id->z, id->z[0] ? (size_t)ID_LEN : 0};
}
static inline bool id_eq(const struct id *a, const struct id *b)
{
    return memcmp(a->z, b->z, ID_LEN) == 0;
}
void id_to_bytes(const struct id *id, uint8_t out[ULID_BYTES]);
struct id id_from_bytes(const char *prefix, const uint8_t bytes[ULID_BYTES]);

#endif
