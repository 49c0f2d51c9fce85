/* SPDX-License-Identifier: Apache-2.0
 *
 * One code point at a time, for those who look inside text.
 */
#ifndef AUTHD_BASE_UTF8_H
#define AUTHD_BASE_UTF8_H

#include "base/str.h"

/* Bytes of the well-formed code point that starts at s.ptr[at] (at < s.len), or 0 when there is
 * none. */
size_t utf8_decode(struct str s, size_t at, uint32_t *code_point);

#endif
