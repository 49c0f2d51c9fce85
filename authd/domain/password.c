/* SPDX-License-Identifier: Apache-2.0
 *
 * The one form of a password that is counted, checked and hashed: NFC, so that the same characters
 * typed on another keyboard give the same bytes (NIST SP 800-63B-4, 3.1.1.2). Nothing is trimmed,
 * cut or folded.
 */
#include "domain/unicode.h"
#include "domain/user.h"

bool password_normalise(struct arena *a, struct str typed, struct str *out)
{
    /* Too long in every form: refused by its length, so the work of normalising is not spent. */
    if (typed.len > (size_t)NFC_SHRINK_MAX * PASSWORD_MAX) {
        *out = typed;
        return utf8_valid(typed) && !memchr(typed.ptr, 0, typed.len);
    }
    return unicode_nfc(a, typed, out);
}
