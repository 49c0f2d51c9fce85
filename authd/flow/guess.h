/* SPDX-License-Identifier: Apache-2.0
 *
 * One guess at an identifier's password: counted, compared, accounted for. Sign-in and password
 * change differ only in what a right guess opens.
 *
 * An unknown user costs what a known one costs: the same statements, a hash of equal cost, the same
 * audit row. Nothing here branches on whether the user exists before the hash is done.
 */
#ifndef AUTHD_FLOW_GUESS_H
#define AUTHD_FLOW_GUESS_H

#include "flow/call.h"
#include "store/users.h"

struct guess {
    struct identifier identifier;
    struct str password_field; /* what the request calls it */
    struct str email_key;
    struct str password; /* normalised */
    struct guess_facts facts;
    bool matches;
    struct str better_hash; /* of a password that matches and should be rehashed; else NULL ptr */
};

/* The keyed hash under which an e-mail's guesses are counted. */
struct identifier identifier_of(const struct tenant *t, struct str email_key);

/* The field's name is set. Counts the guess and reads what it is judged by. ERR_account_locked or
 * ERR_rate_limited with retry_after_s; ERR_validation_failed for what can be neither an e-mail nor
 * a password. */
MUST_CHECK enum err guess_begin(struct call *c, struct str email, struct str password,
                                struct guess *g);
/* Hashes on a worker and sets matches. When the queue is full the guess is given back, for nobody
 * looked at it. */
MUST_CHECK enum err guess_compare(struct call *c, struct guess *g);
/* The guess was no failure: nobody looked at it, or it was right and then we were too busy. */
void guess_give_back(struct call *c, const struct guess *g);
/* Writes the audit rows of a guess that opened nothing, then returns `answer`. */
MUST_CHECK enum err guess_refused(struct call *c, const struct guess *g, enum err answer);

#endif
