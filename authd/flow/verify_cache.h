/* SPDX-License-Identifier: Apache-2.0
 *
 * Access tokens whose signature and claims this thread has already verified. Verifying costs more
 * than everything else an authenticated request does; a client sends the same token for minutes.
 *
 * Keyed by a keyed hash of the whole token under a random key of the thread, so that nobody outside
 * can aim for a slot and no token stays in memory. At most VERIFY_CACHE_ENTRIES per thread. An
 * entry says only that the token was good under the named snapshot; whether the session still lives
 * is asked of the database every time.
 */
#ifndef AUTHD_FLOW_VERIFY_CACHE_H
#define AUTHD_FLOW_VERIFY_CACHE_H

#include "base/id.h"

enum { VERIFY_CACHE_ENTRIES = 4096 };

/* What a verified token says, and under which state of its tenant. */
struct token_facts {
    struct id tenant;
    uint64_t build; /* of the snapshot it was verified under */
    struct id kid;
    struct id user;
    struct id session;
    int64_t expires_at; /* seconds */
};

struct token_digest {
    uint8_t bytes[32];
};

struct token_digest verify_cache_digest(struct str token);
/* False when unknown or past its exp. */
bool verify_cache_find(const struct token_digest *d, int64_t now_s, struct token_facts *out);
void verify_cache_put(const struct token_digest *d, const struct token_facts *facts, int64_t now_s);
/* Gives the calling thread's memory back; before the thread ends. */
void verify_cache_thread_cleanup(void);

#endif
