/* SPDX-License-Identifier: Apache-2.0
 *
 * The part of Unicode that identity depends on, over utf8proc: one normal form, and whether a
 * character may stand in a name that people compare by eye.
 */
#ifndef AUTHD_DOMAIN_UNICODE_H
#define AUTHD_DOMAIN_UNICODE_H

#include "base/str.h"

/* NFC never makes UTF-8 shorter than a third (Hangul: three jamo of three bytes become one syllable
 * of three). */
enum { NFC_SHRINK_MAX = 3 };

/* Normal form C in the arena only, because the text may be a secret. False when it is absent, not
 * UTF-8, or has a NUL. Reordering combining marks takes quadratic time: the caller caps the length
 * first. */
bool unicode_nfc(struct arena *a, struct str text, struct str *out);

/* Cuts the first code point off a valid *rest; false when it is used up. */
bool unicode_next(struct str *rest, int32_t *code_point);

/* Visible by itself: no blank, control, format, private, unassigned, ignorable or enclosing
 * character. */
bool unicode_printable(int32_t code_point);
/* Not ASCII, but some software turns it into ASCII or into a dot: full-width and styled letters,
 * ligatures, U+FF20, U+FE6B, U+3002 … */
bool unicode_confusable(int32_t code_point);
/* Changes the character before it. */
bool unicode_combining(int32_t code_point);

#endif
