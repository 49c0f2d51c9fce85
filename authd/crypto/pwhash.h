/* SPDX-License-Identifier: Apache-2.0
 *
 * Password hashes: argon2id (libsodium, m=19 MiB t=2 p=1; "$argon2id$…") and scrypt (libscrypt,
 * N=2^15 r=8 p=3; MCF
 * "$s1$…"), the minima of OWASP ASVS v5 appendix C. Verifying reads the algorithm from the string,
 * so each verifies what the other wrote. Calls take tens of milliseconds and megabytes: only on
 * hash workers.
 *
 * libsodium maps and unmaps its memory at every call, and the page faults cost as much as the hash.
 * Where it calls mmap through its PLT we answer from a kept per-thread arena instead, wiped when
 * the thread runs out of work; same bytes, about twice the speed. Where that is not in effect
 * (statically bound, sanitizers, switched off) stock behaviour remains.
 */
#ifndef AUTHD_CRYPTO_PWHASH_H
#define AUTHD_CRYPTO_PWHASH_H

#include "base/err.h"
#include "base/str.h"

enum pwhash_algorithm { PWHASH_UNKNOWN = 0, PWHASH_ARGON2ID, PWHASH_SCRYPT };
enum {
    PWHASH_TEXT_MAX = 192,
    PWHASH_ARGON2ID_KIB = 19456,
    PWHASH_ARGON2ID_PASSES = 2,
    PWHASH_SCRYPT_LOG_N = 15,
    PWHASH_SCRYPT_R = 8,
    PWHASH_SCRYPT_P = 3
};

/* Once, before any worker starts. use_arena = the setting's wish; pwhash_arena_active says whether
 * it works (tried out with one tiny hash). */
MUST_CHECK enum err pwhash_setup(bool use_arena);
bool pwhash_arena_active(void);
/* The calling thread has no further hash to compute for now: its arena is wiped. */
void pwhash_thread_idle(void);
/* Gives the calling thread's arena back; at worker exit. */
void pwhash_thread_cleanup(void);

/* NUL-terminated text into out. ERR_internal_error only without memory. */
MUST_CHECK enum err pwhash_create(enum pwhash_algorithm alg, struct str password,
                                  char out[PWHASH_TEXT_MAX]);
/* *matches; a text that is malformed or whose parameters exceed our bounds never matches and costs
 * nothing. */
MUST_CHECK enum err pwhash_verify(struct str text, struct str password, bool *matches);
/* Algorithm, and whether the parameters are the current ones. */
enum pwhash_algorithm pwhash_inspect(struct str text, bool *parameters_current);
/* A well-formed text with current parameters that no password matches, drawn by pwhash_setup: equal
 * cost for unknown users. */
struct str pwhash_decoy(enum pwhash_algorithm alg);

#endif
