/* SPDX-License-Identifier: Apache-2.0
 *
 * Guesses at passwords, counted per identifier before the password is looked at, so that a thousand
 * parallel guesses are a thousand. The identifier is a keyed hash of what was typed: the table
 * tells nobody who tried, and it has rows for users that do not exist.
 */
#ifndef AUTHD_STORE_ATTEMPTS_H
#define AUTHD_STORE_ATTEMPTS_H

#include "domain/decide.h"
#include "store/db.h"
#include "store/tenant_audit.h"

struct identifier {
    uint8_t hash[32];
};

/* The statement that counts a guess; reserved when it returned a row. The identifier outlives the
 * call. */
struct db_query attempt_reserve_query(const struct identifier *id, const struct policy *policy,
                                      int64_t now);
/* The row as guess_facts reads it into columns 0 to 3. */
struct attempt_facts attempt_facts_read(const struct db_rows *row, bool reserved, int64_t now);

/* Takes one counted guess back: it was never looked at. */
MUST_CHECK enum err attempt_give_back(struct db *db, struct arena *a, const struct identifier *id,
                                      const struct attempt_facts *f);
/* What is known of an identifier: failures and locked_until, both 0 for one that nobody guessed at.
 */
MUST_CHECK enum err attempt_read(struct db *db, struct arena *a, const struct identifier *id,
                                 struct attempt_facts *out);
/* Forgets the identifier, the hard stop included; audited, with the user of that e-mail when there
 * is one. */
MUST_CHECK enum err attempt_clear(struct db *db, struct arena *a, const struct tenant_event *e,
                                  const struct identifier *id, struct str email_key);

#endif
