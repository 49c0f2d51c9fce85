/* SPDX-License-Identifier: Apache-2.0
 *
 * A token by its form: everything that can be refused without a key.
 */
#ifndef AUTHD_VERIFY_TOKEN_H
#define AUTHD_VERIFY_TOKEN_H

#include <stdint.h>

#include "verify/text.h"

/* authd issues no longer ones, and no longer kid. */
enum { TOKEN_MAX = 8192, TOKEN_PART_MAX = TOKEN_MAX / 4 * 3, KID_SIZE = 65, KEY_LEN = 32 };

struct token {
    struct slice signing_input; /* in the text given */
    char kid[KID_SIZE];
    uint8_t signature[64];
    size_t payload_len;
    char payload[TOKEN_PART_MAX]; /* decoded, not yet believed */
};

/* Three parts of canonical base64url; a header that says EdDSA, at+jwt, one kid, and nothing that
 * changes what the bytes mean. */
bool authdv_token_split(struct slice text, struct token *out);
/* Refuses a non-canonical S and points of small order. */
bool authdv_signature_valid(const struct token *t, const uint8_t public_key[KEY_LEN]);

#endif
