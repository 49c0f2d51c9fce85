/* SPDX-License-Identifier: Apache-2.0
 *
 * Percent-encoding (RFC 3986 section 2.1) of one path segment or one query name or value.
 */
#ifndef AUTHD_HTTP_PERCENT_H
#define AUTHD_HTTP_PERCENT_H

#include "base/str.h"

enum percent_form { PERCENT_PATH, PERCENT_QUERY /* '+' is a blank */ };

/* Decodes once. False for malformed escapes, characters that may not stand there raw, a NUL, and
 * results that are not UTF-8; in a path also for an escaped slash or control character. Text
 * without escapes is not copied. */
bool percent_decode(struct arena *a, struct str raw, enum percent_form form, struct str *out);
/* Appends s so that it is one query value. */
void percent_encode(struct buf *b, struct str s);

#endif
