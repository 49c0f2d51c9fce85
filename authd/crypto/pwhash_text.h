/* SPDX-License-Identifier: Apache-2.0
 *
 * The stored form of a password hash, taken apart: what pwhash.c computes with. Inside the crypto
 * floor only.
 */
#ifndef AUTHD_CRYPTO_PWHASH_TEXT_H
#define AUTHD_CRYPTO_PWHASH_TEXT_H

#include "crypto/pwhash.h"

enum { PWHASH_SALT_LEN = 16, PWHASH_SALT_MAX = 48, PWHASH_HASH_MAX = 64 };

/* What a verification may cost: memory, and for scrypt N * r * p, where libscrypt's own default
 * (2^14, 8, 16) is the largest. A hash beyond these was not written by us. */
enum {
    ARGON2ID_KIB_MAX = 64 * 1024,
    ARGON2ID_PASSES_MAX = 10,
    SCRYPT_MEMORY_MAX = 64 * 1024 * 1024,
    SCRYPT_WORK_MAX = 1 << 21,
};

struct pwhash_text {
    enum pwhash_algorithm algorithm;
    struct {
        uint32_t kib;
        uint32_t passes; /* parallelism is 1 */
    } argon2id;
    struct {
        uint32_t log_n;
        uint32_t r;
        uint32_t p;
    } scrypt;
    size_t salt_len;
    size_t hash_len;
    uint8_t salt[PWHASH_SALT_MAX];
    uint8_t hash[PWHASH_HASH_MAX];
};

/* False, and all zero, unless well-formed and within the bounds above. */
bool pwhash_text_parse(struct str text, struct pwhash_text *out);
/* NUL-terminated. */
void pwhash_text_print(const struct pwhash_text *t, char out[PWHASH_TEXT_MAX]);
/* Today's parameters and lengths of the algorithm; salt and hash are zero. */
struct pwhash_text pwhash_text_current(enum pwhash_algorithm alg);
/* Bytes that the library will map in one piece to compute it. */
size_t pwhash_text_memory(const struct pwhash_text *t);

#endif
