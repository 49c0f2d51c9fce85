/* SPDX-License-Identifier: Apache-2.0
 *
 * Passwords on the hash workers: comparing, judging and hashing them. Each call takes a turn in the
 * tenant's queue and answers ERR_overloaded when that is full.
 */
#ifndef AUTHD_FLOW_PASSWORD_HASH_H
#define AUTHD_FLOW_PASSWORD_HASH_H

#include "flow/call.h"

/* Longest password that is read from a request: PASSWORD_MAX bytes may arrive decomposed, where one
 * letter takes up to three times the bytes. */
enum { PASSWORD_TYPED_MAX = 3 * PASSWORD_MAX };

/* Adds a problem with the field and returns ERR_validation_failed. */
MUST_CHECK enum err call_problem(struct call *c, struct str field, const char *code,
                                 const char *sentence);
/* What is compared and hashed. ERR_validation_failed naming the field when no password can be like
 * this. */
MUST_CHECK enum err password_read(struct call *c, struct str field, struct str typed,
                                  struct str *normalised);

/* ERR_overloaded when the tenant's turn in the queue is already gone; to be asked before the
 * database is. */
MUST_CHECK enum err password_capacity(const struct call *c);

struct password_match {
    bool matches;
    struct str better_hash; /* set when it matches and the policy wants another hash */
};
/* hash: the stored text; NULL ptr (no such user, or no password) costs the same and never matches.
 */
MUST_CHECK enum err password_compare(struct call *c, struct str hash, struct str password,
                                     struct password_match *out);

/* Words that would make a password of this user guessable. name may be absent. */
struct password_context {
    struct str email;
    struct str name;
};
/* Whether the tenant's policy takes it: ERR_password_too_short, ERR_password_too_common, or
 * ERR_validation_failed naming the field. */
MUST_CHECK enum err password_judge(struct call *c, struct str field, struct str password,
                                   const struct password_context *context);
MUST_CHECK enum err password_hash(struct call *c, struct str password, struct str *hash);

#endif
