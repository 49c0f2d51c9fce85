/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as a stored password hash: what is read is within the bounds and has one spelling, and
 * the libraries compute what was read. Only cheap ones are computed.
 */
#include "crypto/pwhash_text.h"
#include "crypto/seal.h"
#include "fuzz.h"

enum { CHEAP_MEMORY = 64 * 1024, CHEAP_WORK = 4096 };

static void check_bounds(const struct pwhash_text *t)
{
    assert(t->salt_len >= 8 && t->salt_len <= PWHASH_SALT_MAX);
    assert(t->hash_len >= 16 && t->hash_len <= PWHASH_HASH_MAX);
    assert(pwhash_text_memory(t) <= SCRYPT_MEMORY_MAX);
    if (t->algorithm == PWHASH_ARGON2ID)
        assert(t->argon2id.passes >= 1 && t->argon2id.passes <= ARGON2ID_PASSES_MAX);
    else
        assert(((uint64_t)t->scrypt.r << t->scrypt.log_n) * t->scrypt.p <= SCRYPT_WORK_MAX);
}

static bool is_cheap(const struct pwhash_text *t)
{
    uint64_t work = t->algorithm == PWHASH_ARGON2ID
                        ? (uint64_t)t->argon2id.kib * t->argon2id.passes
                        : ((uint64_t)t->scrypt.r << t->scrypt.log_n) * t->scrypt.p;
    return pwhash_text_memory(t) <= CHEAP_MEMORY && work <= CHEAP_WORK;
}

static void check_good(struct str text, const struct pwhash_text *t)
{
    char again[PWHASH_TEXT_MAX];
    bool matches = false;
    check_bounds(t);
    pwhash_text_print(t, again);
    assert(str_eqz(text, again));
    if (is_cheap(t) && pwhash_verify(text, STR("password"), &matches) != ERR_OK)
        __builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = {(const char *)data, size};
    struct pwhash_text t;
    bool current = true;
    bool matches = true;
    if (crypto_setup() != ERR_OK)
        __builtin_trap();
    bool good = pwhash_text_parse(text, &t);
    assert(good == (pwhash_inspect(text, &current) != PWHASH_UNKNOWN));
    if (good) {
        check_good(text, &t);
        return 0;
    }
    assert(!current && pwhash_verify(text, STR("password"), &matches) == ERR_OK && !matches);
    return 0;
}
