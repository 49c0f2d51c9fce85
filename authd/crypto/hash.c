/* SPDX-License-Identifier: Apache-2.0
 *
 * The two hashes of whole strings: BLAKE2b-256 under a key, for what people type and must not be
 * recoverable from the database alone, and SHA-256 for what is public or random.
 */
#include <sodium.h>

#include "crypto/token.h"

static const unsigned char *bytes_of(struct str s)
{
    return (const unsigned char *)s.ptr;
}

void keyed_hash(const uint8_t key[32], struct str data, uint8_t out[32])
{
    crypto_generichash(out, 32, bytes_of(data), data.len, key, 32);
}

void plain_hash(struct str data, uint8_t out[32])
{
    crypto_hash_sha256(out, bytes_of(data), data.len);
}
