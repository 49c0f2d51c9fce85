/* SPDX-License-Identifier: Apache-2.0
 *
 * Computing and comparing password hashes. A verification costs what its text says and what the
 * creation did, whatever its outcome; what a text may cost is bounded where it is parsed.
 */
#include <errno.h>
#include <libscrypt.h>
#include <sodium.h>

#include "base/id.h"
#include "base/log.h"
#include "crypto/hash_arena.h"
#include "crypto/pwhash_text.h"

_Static_assert(crypto_pwhash_argon2id_STRBYTES <= PWHASH_TEXT_MAX, "libsodium zeroes that many");

static bool arena_active;
static char decoys[PWHASH_SCRYPT + 1][PWHASH_TEXT_MAX];

/* 8 KiB, one pass. Returns false when it could not be computed. */
static bool tiny_hash(uint8_t out[crypto_pwhash_argon2id_BYTES_MIN])
{
    static const uint8_t salt[crypto_pwhash_argon2id_SALTBYTES];
    return crypto_pwhash_argon2id(out, crypto_pwhash_argon2id_BYTES_MIN, "", 0, salt,
                                  crypto_pwhash_argon2id_OPSLIMIT_MIN,
                                  crypto_pwhash_argon2id_MEMLIMIT_MIN,
                                  crypto_pwhash_argon2id_ALG_ARGON2ID13) == 0;
}

/* Tried rather than assumed: a statically bound libsodium never asks us. */
static bool arena_works(void)
{
    uint8_t stock[crypto_pwhash_argon2id_BYTES_MIN];
    uint8_t ours[crypto_pwhash_argon2id_BYTES_MIN];
    bool computed = tiny_hash(stock);
    hash_arena_begin(crypto_pwhash_argon2id_MEMLIMIT_MIN);
    computed = tiny_hash(ours) && computed;
    bool taken = hash_arena_end();
    return computed && taken && memcmp(stock, ours, sizeof(stock)) == 0;
}

static void make_decoy(enum pwhash_algorithm alg)
{
    struct pwhash_text t = pwhash_text_current(alg);
    random_bytes(t.salt, t.salt_len);
    random_bytes(t.hash, t.hash_len);
    pwhash_text_print(&t, decoys[alg]);
}

enum err pwhash_setup(bool use_arena)
{
    make_decoy(PWHASH_ARGON2ID);
    make_decoy(PWHASH_SCRYPT);
    hash_arena_enable(use_arena);
    arena_active = use_arena && arena_works();
    hash_arena_enable(arena_active);
    hash_arena_release(); /* hashes run on other threads */
    return ERR_OK;
}

bool pwhash_arena_active(void)
{
    return arena_active;
}

void pwhash_thread_idle(void)
{
    hash_arena_wipe();
}

void pwhash_thread_cleanup(void)
{
    hash_arena_release();
}

static enum err out_of_memory(void)
{
    log_error("pwhash_failed", LOG_Z("reason", "out of memory"));
    return ERR_internal_error;
}

static const char *bytes_of(struct str s)
{
    return s.ptr ? s.ptr : "";
}

static enum err argon2id_create(struct str password, char out[PWHASH_TEXT_MAX])
{
    struct pwhash_text t = pwhash_text_current(PWHASH_ARGON2ID);
    hash_arena_begin(pwhash_text_memory(&t));
    int status =
        crypto_pwhash_argon2id_str(out, bytes_of(password), password.len, PWHASH_ARGON2ID_PASSES,
                                   (size_t)PWHASH_ARGON2ID_KIB * 1024);
    hash_arena_end();
    return status == 0 ? ERR_OK : out_of_memory();
}

static enum err argon2id_verify(const struct pwhash_text *t, struct str password, bool *matches)
{
    char text[PWHASH_TEXT_MAX];
    pwhash_text_print(t, text);
    hash_arena_begin(pwhash_text_memory(t));
    errno = 0;
    int status = crypto_pwhash_argon2id_str_verify(text, bytes_of(password), password.len);
    int reason = errno;
    hash_arena_end();
    *matches = status == 0;
    return reason == ENOMEM ? out_of_memory() : ERR_OK;
}

/* Into out, hash_len bytes of it. */
static enum err scrypt_compute(const struct pwhash_text *t, struct str password,
                               uint8_t out[PWHASH_HASH_MAX])
{
    hash_arena_begin(pwhash_text_memory(t));
    int status = libscrypt_scrypt((const uint8_t *)bytes_of(password), password.len, t->salt,
                                  t->salt_len, UINT64_C(1) << t->scrypt.log_n, t->scrypt.r,
                                  t->scrypt.p, out, t->hash_len);
    hash_arena_end();
    return status == 0 ? ERR_OK : out_of_memory();
}

static enum err scrypt_create(struct str password, char out[PWHASH_TEXT_MAX])
{
    struct pwhash_text t = pwhash_text_current(PWHASH_SCRYPT);
    random_bytes(t.salt, t.salt_len);
    enum err e = scrypt_compute(&t, password, t.hash);
    if (e == ERR_OK)
        pwhash_text_print(&t, out);
    return e;
}

static enum err scrypt_verify(const struct pwhash_text *t, struct str password, bool *matches)
{
    uint8_t hash[PWHASH_HASH_MAX];
    enum err e = scrypt_compute(t, password, hash);
    *matches = e == ERR_OK && sodium_memcmp(hash, t->hash, t->hash_len) == 0;
    sodium_memzero(hash, sizeof(hash));
    return e;
}

enum err pwhash_create(enum pwhash_algorithm alg, struct str password, char out[PWHASH_TEXT_MAX])
{
    out[0] = '\0';
    return alg == PWHASH_SCRYPT ? scrypt_create(password, out) : argon2id_create(password, out);
}

enum err pwhash_verify(struct str text, struct str password, bool *matches)
{
    struct pwhash_text t;
    *matches = false;
    if (!pwhash_text_parse(text, &t))
        return ERR_OK;
    return t.algorithm == PWHASH_SCRYPT ? scrypt_verify(&t, password, matches)
                                        : argon2id_verify(&t, password, matches);
}

static bool same_parameters(const struct pwhash_text *a, const struct pwhash_text *b)
{
    return a->argon2id.kib == b->argon2id.kib && a->argon2id.passes == b->argon2id.passes &&
           a->scrypt.log_n == b->scrypt.log_n && a->scrypt.r == b->scrypt.r &&
           a->scrypt.p == b->scrypt.p && a->salt_len == b->salt_len && a->hash_len == b->hash_len;
}

enum pwhash_algorithm pwhash_inspect(struct str text, bool *parameters_current)
{
    struct pwhash_text t;
    *parameters_current = false;
    if (!pwhash_text_parse(text, &t))
        return PWHASH_UNKNOWN;
    struct pwhash_text now = pwhash_text_current(t.algorithm);
    *parameters_current = same_parameters(&t, &now);
    return t.algorithm;
}

struct str pwhash_decoy(enum pwhash_algorithm alg)
{
    return str_of(decoys[alg]);
}
