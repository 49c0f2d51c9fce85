/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether a password is one that attackers try first: zxcvbn-c's offline dictionaries (MIT) over
 * the whole password, with the context words (e-mail, name, tenant) added. Takes up to a few
 * milliseconds: call it on a hash worker.
 */
#ifndef AUTHD_CRYPTO_STRENGTH_H
#define AUTHD_CRYPTO_STRENGTH_H

#include "base/str.h"

/* True when the whole password is one dictionary word or context word (case-insensitive, with at
 * most two digits or symbols around it, or simple substitutions such as p4ssw0rd) or one run such
 * as aaaaaaaa, or when it is among the first 2^14 guesses (password123, alice.wonder). Only the
 * first 100 bytes are looked at. */
bool password_is_common(struct str password, const struct str *context, size_t n);

#endif
