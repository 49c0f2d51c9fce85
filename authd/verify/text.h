/* SPDX-License-Identifier: Apache-2.0
 *
 * Text that strangers wrote: base64url with one spelling, JSON without ambiguity.
 */
#ifndef AUTHD_VERIFY_TEXT_H
#define AUTHD_VERIFY_TEXT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* Bytes of somebody else's. */
struct slice {
    const char *ptr;
    size_t len;
};

#define SLICE(literal) ((struct slice){"" literal, sizeof(literal) - 1})

static inline struct slice slice_of(const char *z)
{
    return (struct slice){z, z ? strlen(z) : 0};
}

static inline bool slice_eq(struct slice a, struct slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* ASCII without regard to case. */
bool authdv_same_word(struct slice a, struct slice b);
/* Canonical base64url without padding; false also when more than max bytes come out. */
bool authdv_base64url(struct slice in, void *out, size_t max, size_t *n);
/* An object, whose reference is the caller's; NULL: not JSON, not an object, a member twice, a NUL,
 * too deep, or something behind it. */
json_t *authdv_json_object(struct slice text);
/* NULL ptr unless the member is a string. */
struct slice authdv_json_text(const json_t *object, const char *name);
/* Copies a text of 1 to size-1 bytes; false for any other. */
bool authdv_copy_text(char out[], size_t size, struct slice text);

#endif
