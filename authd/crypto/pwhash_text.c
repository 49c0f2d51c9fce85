/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading and writing stored password hashes: the PHC string of argon2id
 *     $argon2id$v=19$m=19456,t=2,p=1$salt$hash     base64 without padding
 * and the MCF string that libscrypt writes, two hex digits each for log2 N, r and p
 *     $s1$0f0803$salt$hash                         base64 with padding
 * One spelling per hash. A text can come from an import or a broken database: nothing in it is
 * believed before its cost is known to be bearable.
 */
#include <sodium.h>
#include <stdio.h>

#include "crypto/pwhash_text.h"

enum { SALT_LEN_MIN = 8, ARGON2ID_HASH_MIN = 16, ARGON2ID_HASH_LEN = 32, SCRYPT_HASH_LEN = 64 };

/* Cuts the next piece off and reads "name=number" within the bounds. */
static bool take_parameter(struct str *rest, char sep, struct str name, int64_t min, int64_t max,
                           uint32_t *out)
{
    struct str piece;
    int64_t v;
    if (!str_split(rest, sep, &piece) || !str_starts(piece, name))
        return false;
    if (!str_to_int(str_slice(piece, name.len, piece.len), min, max, &v))
        return false;
    *out = (uint32_t)v;
    return true;
}

/* Cuts the next piece off and decodes it. */
static bool take_base64(struct str *rest, int variant, uint8_t *out, size_t room, size_t *len)
{
    struct str piece;
    return str_split(rest, '$', &piece) &&
           sodium_base642bin(out, room, piece.ptr, piece.len, NULL, len, NULL, variant) == 0;
}

static bool parse_argon2id(struct str rest, struct pwhash_text *t)
{
    uint32_t version;
    uint32_t lanes;
    struct str costs;
    int variant = sodium_base64_VARIANT_ORIGINAL_NO_PADDING;
    t->algorithm = PWHASH_ARGON2ID;
    return take_parameter(&rest, '$', STR("v="), 19, 19, &version) &&
           str_split(&rest, '$', &costs) &&
           take_parameter(&costs, ',', STR("m="), 8, ARGON2ID_KIB_MAX, &t->argon2id.kib) &&
           take_parameter(&costs, ',', STR("t="), 1, ARGON2ID_PASSES_MAX, &t->argon2id.passes) &&
           take_parameter(&costs, ',', STR("p="), 1, 1, &lanes) && !costs.ptr &&
           take_base64(&rest, variant, t->salt, sizeof(t->salt), &t->salt_len) &&
           take_base64(&rest, variant, t->hash, sizeof(t->hash), &t->hash_len) && !rest.ptr &&
           t->salt_len >= SALT_LEN_MIN && t->hash_len >= ARGON2ID_HASH_MIN;
}

static bool scrypt_cost_is_bearable(const struct pwhash_text *t)
{
    uint32_t log_n = t->scrypt.log_n;
    uint64_t block = (uint64_t)t->scrypt.r << log_n; /* log_n and r are checked first */
    return block * 128 <= SCRYPT_MEMORY_MAX && block * t->scrypt.p <= SCRYPT_WORK_MAX;
}

static bool take_scrypt_cost(struct str *rest, struct pwhash_text *t)
{
    struct str piece;
    uint8_t cost[3];
    if (!str_split(rest, '$', &piece) || piece.len != 2 * sizeof(cost) ||
        sodium_hex2bin(cost, sizeof(cost), piece.ptr, piece.len, NULL, NULL, NULL) != 0)
        return false;
    t->scrypt.log_n = cost[0];
    t->scrypt.r = cost[1];
    t->scrypt.p = cost[2];
    return cost[0] >= 1 && cost[0] <= 20 && cost[1] >= 1 && cost[2] >= 1 &&
           scrypt_cost_is_bearable(t);
}

static bool parse_scrypt(struct str rest, struct pwhash_text *t)
{
    int variant = sodium_base64_VARIANT_ORIGINAL;
    t->algorithm = PWHASH_SCRYPT;
    return take_scrypt_cost(&rest, t) &&
           take_base64(&rest, variant, t->salt, sizeof(t->salt), &t->salt_len) &&
           take_base64(&rest, variant, t->hash, sizeof(t->hash), &t->hash_len) && !rest.ptr &&
           t->salt_len >= SALT_LEN_MIN && t->hash_len == SCRYPT_HASH_LEN;
}

static bool parse_any(struct str text, struct pwhash_text *t)
{
    struct str empty;
    struct str name;
    if (text.len >= PWHASH_TEXT_MAX || !str_split(&text, '$', &empty) || empty.len > 0 ||
        !str_split(&text, '$', &name))
        return false;
    if (str_eq(name, STR("argon2id")))
        return parse_argon2id(text, t);
    return str_eq(name, STR("s1")) && parse_scrypt(text, t);
}

void pwhash_text_print(const struct pwhash_text *t, char out[PWHASH_TEXT_MAX])
{
    char salt[sodium_base64_ENCODED_LEN(PWHASH_SALT_MAX, sodium_base64_VARIANT_ORIGINAL)];
    char hash[sodium_base64_ENCODED_LEN(PWHASH_HASH_MAX, sodium_base64_VARIANT_ORIGINAL)];
    bool argon2id = t->algorithm == PWHASH_ARGON2ID;
    int variant =
        argon2id ? sodium_base64_VARIANT_ORIGINAL_NO_PADDING : sodium_base64_VARIANT_ORIGINAL;
    sodium_bin2base64(salt, sizeof(salt), t->salt, t->salt_len, variant);
    sodium_bin2base64(hash, sizeof(hash), t->hash, t->hash_len, variant);
    if (argon2id)
        snprintf(out, PWHASH_TEXT_MAX, "$argon2id$v=19$m=%u,t=%u,p=1$%s$%s", t->argon2id.kib,
                 t->argon2id.passes, salt, hash);
    else
        snprintf(out, PWHASH_TEXT_MAX, "$s1$%02x%02x%02x$%s$%s", t->scrypt.log_n, t->scrypt.r,
                 t->scrypt.p, salt, hash);
}

struct pwhash_text pwhash_text_current(enum pwhash_algorithm alg)
{
    struct pwhash_text t = {.algorithm = alg, .salt_len = PWHASH_SALT_LEN};
    if (alg == PWHASH_SCRYPT) {
        t.scrypt.log_n = PWHASH_SCRYPT_LOG_N;
        t.scrypt.r = PWHASH_SCRYPT_R;
        t.scrypt.p = PWHASH_SCRYPT_P;
        t.hash_len = SCRYPT_HASH_LEN;
    } else {
        t.argon2id.kib = PWHASH_ARGON2ID_KIB;
        t.argon2id.passes = PWHASH_ARGON2ID_PASSES;
        t.hash_len = ARGON2ID_HASH_LEN;
    }
    return t;
}

/* argon2 rounds its blocks of 1 KiB down to a multiple of four. */
size_t pwhash_text_memory(const struct pwhash_text *t)
{
    if (t->algorithm == PWHASH_ARGON2ID)
        return (size_t)(t->argon2id.kib & ~3U) * 1024;
    return ((size_t)128 * t->scrypt.r) << t->scrypt.log_n;
}

/* Leading zeros, capital hex digits and what libsodium's decoder lets pass (it reads bytes above
 * 127 as a slash) would be second spellings. */
static bool is_spelled_as_we_do(struct str text, const struct pwhash_text *t)
{
    char ours[PWHASH_TEXT_MAX];
    pwhash_text_print(t, ours);
    return str_eqz(text, ours);
}

bool pwhash_text_parse(struct str text, struct pwhash_text *out)
{
    *out = (struct pwhash_text){.algorithm = PWHASH_UNKNOWN};
    bool good = parse_any(text, out) && is_spelled_as_we_do(text, out);
    if (!good)
        *out = (struct pwhash_text){.algorithm = PWHASH_UNKNOWN};
    return good;
}
