/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading Authorization. Other servers were found too lax here (several spaces, tabs) and too
 * strict (lower-case scheme); RFC 9110 section 11.1 makes the scheme case-insensitive, RFC 6750
 * puts exactly one space.
 */
#include "http/bearer.h"

#include "base/chars.h"
#include "base/id.h"

/* RFC 6750 section 2.1. */
static const struct char_set token_chars = {{CHARS_ALNUM, ['-'] = true, ['.'] = true, ['_'] = true,
                                             ['~'] = true, ['+'] = true, ['/'] = true}};

static bool is_b64token(struct str s)
{
    size_t end = s.len;
    while (end > 0 && s.ptr[end - 1] == '=')
        end--;
    return chars_all(&token_chars, str_slice(s, 0, end));
}

enum bearer_form bearer_parse(struct str authorization, struct str *token)
{
    static const struct str scheme = {"bearer", 6};
    *token = STR_NONE;
    if (!str_ieq(str_slice(authorization, 0, scheme.len), scheme))
        return BEARER_ABSENT;
    if (authorization.len == scheme.len)
        return BEARER_MALFORMED;
    char after = authorization.ptr[scheme.len];
    if (char_in(&token_chars, after)) /* a longer word: another scheme */
        return BEARER_ABSENT;
    struct str rest = str_slice(authorization, scheme.len + 1, authorization.len);
    if (after != ' ' || !is_b64token(rest))
        return BEARER_MALFORMED;
    *token = rest;
    return BEARER_SENT;
}

enum { HEADER_MAX = 192 };

/* The value of the member "kid" in text that this server wrote: compact, without escapes. */
static struct str kid_member(struct str header)
{
    static const struct str member = {"\"kid\":\"", 7};
    const char *at = memmem(header.ptr, header.len, member.ptr, member.len);
    if (!at)
        return STR_NONE;
    size_t from = (size_t)(at - header.ptr) + member.len;
    struct str rest = str_slice(header, from, header.len);
    return str_slice(rest, 0, str_find(rest, '"'));
}

struct str bearer_kid(struct str token, char kid[], size_t size)
{
    char header[HEADER_MAX];
    size_t n;
    struct str encoded = str_slice(token, 0, str_find(token, '.'));
    if (!base64url_decode(encoded, header, sizeof(header), &n))
        return STR_NONE;
    struct str found = kid_member((struct str){header, n});
    if (found.len == 0 || found.len > size)
        return STR_NONE;
    memcpy(kid, found.ptr, found.len);
    return (struct str){kid, found.len};
}
