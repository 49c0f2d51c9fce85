/* SPDX-License-Identifier: Apache-2.0
 *
 * Strings with a length, and a growing buffer in an arena. A struct str never owns its bytes and is
 * not NUL-terminated unless str_z made it; ptr == NULL means absent, which differs from empty.
 */
#ifndef AUTHD_BASE_STR_H
#define AUTHD_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct arena;

struct str {
    const char *ptr;
    size_t len;
};

#define STR(literal) ((struct str){"" literal, sizeof(literal) - 1})
#define STR_NONE ((struct str){NULL, 0})
/* printf("%.*s", STR_FMT(s)) */
#define STR_FMT(s) (int)(s).len, (s).ptr ? (s).ptr : ""

static inline struct str str_of(const char *z)
{
    return (struct str){z, z ? strlen(z) : 0};
}

static inline bool str_is_set(struct str s)
{
    return s.ptr != NULL;
}

static inline bool str_eq(struct str a, struct str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static inline bool str_eqz(struct str a, const char *z)
{
    return str_eq(a, str_of(z));
}

/* ASCII case-insensitive; for header values and schemes. */
bool str_ieq(struct str a, struct str b);
bool str_starts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);
/* Position of the first `c`, or s.len. */
size_t str_find(struct str s, char c);
/* Bytes [from, to) clamped to the string. */
struct str str_slice(struct str s, size_t from, size_t to);
/* Without ASCII blanks at either end. */
struct str str_trim(struct str s);
/* Cuts the piece before `sep` off *rest; false when *rest is used up. "a,,b" yields "a", "", "b".
 */
bool str_split(struct str *rest, char sep, struct str *piece);

/* Copies into the arena; str_z also appends a NUL. */
struct str str_copy(struct arena *a, struct str s);
const char *str_z(struct arena *a, struct str s);

/* Decimal, the whole string, within [min, max]; no sign unless min < 0, no blanks, no leading plus.
 */
bool str_to_int(struct str s, int64_t min, int64_t max, int64_t *out);

/* Constant time in the contents; lengths may leak. For secrets and their hashes. */
bool bytes_equal_secret(const void *a, const void *b, size_t len);
/* Not optimised away. */
void bytes_wipe(void *p, size_t len);

/* UTF-8 per RFC 3629: no surrogates, no over-long forms, at most U+10FFFF. */
bool utf8_valid(struct str s);
/* Code points of a valid string. */
size_t utf8_length(struct str s);

/* base64url without padding, RFC 4648 section 5. Decoding refuses padding, foreign characters and
 * slack bits. */
#define BASE64URL_LEN(n) (((n)*4 + 2) / 3)
size_t base64url_encode(char *out, const void *bytes,
                        size_t n); /* writes BASE64URL_LEN(n), no NUL */
/* false when malformed or longer than max; *n is the number of bytes written. */
bool base64url_decode(struct str in, void *out, size_t max, size_t *n);
void hex_encode(char *out, const void *bytes, size_t n); /* lower case, 2n characters, no NUL */

/* A growing byte buffer in an arena. ptr moves when it grows; take buf_str at the end. */
struct buf {
    struct arena *arena;
    char *ptr;
    size_t len;
    size_t cap;
};

void buf_init(struct buf *b, struct arena *a, size_t reserve);
/* Room for n more bytes at ptr + len; the caller adds to len what it wrote. */
char *buf_reserve(struct buf *b, size_t n);
void buf_add(struct buf *b, const void *bytes, size_t n);
void buf_str(struct buf *b, struct str s);
void buf_char(struct buf *b, char c);
void buf_int(struct buf *b, int64_t v);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
struct str buf_view(const struct buf *b);
/* Appending a literal without strlen. */
#define buf_lit(b, literal) buf_add((b), "" literal, sizeof(literal) - 1)

#endif
