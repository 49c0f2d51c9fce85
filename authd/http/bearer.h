/* SPDX-License-Identifier: Apache-2.0
 *
 * Authorization: Bearer.
 */
#ifndef AUTHD_HTTP_BEARER_H
#define AUTHD_HTTP_BEARER_H

#include "base/str.h"

enum bearer_form { BEARER_ABSENT = 0, BEARER_MALFORMED, BEARER_SENT };

/* The scheme in any case, exactly one space, one b64token (RFC 6750 section 2.1) to the end.
 * ABSENT: no header, or another scheme. */
enum bearer_form bearer_parse(struct str authorization, struct str *token);

/* The kid that a token of ours names, without any check of it: only to find whose rules judge the
 * request before the token is verified. STR_NONE when it names none; otherwise in kid. */
struct str bearer_kid(struct str token, char kid[], size_t size);

#endif
