/* SPDX-License-Identifier: Apache-2.0
 *
 * Users and their passwords in a tenant's database.
 */
#ifndef AUTHD_STORE_USERS_H
#define AUTHD_STORE_USERS_H

#include "domain/user.h"
#include "store/attempts.h"

/* What a guess at a password is judged by. Texts live in the arena of the call. */
struct guess_facts {
    struct attempt_facts attempt;
    bool user_exists;
    struct user user;
    struct str hash;             /* NULL ptr = no password */
    int64_t password_changed_at; /* names this very password */
};
/* Counts the guess and reads what it needs, one round trip. That nobody has this e-mail is no
 * error. */
MUST_CHECK enum err users_guess(struct db *db, struct arena *a, const struct identifier *id,
                                struct str email_key, const struct policy *policy, int64_t now,
                                struct guess_facts *out);

/* The user, the password and the first session, or none of them. `e` is the audit row; its user,
 * session and client are those created, its time theirs. ERR_email_already_exists. */
struct user_creation {
    struct tenant_event event;
    struct str email, email_key, name, public_metadata;
    struct str hash;
    struct str amr;
};
MUST_CHECK enum err users_create(struct db *db, struct arena *a, const struct user_creation *u);

struct user_changes {
    struct tenant_event event;
    bool set_name; /* to name, NULL ptr = none */
    struct str name;
    bool set_metadata;
    struct str public_metadata;
};
/* *out is the user afterwards; ERR_account_banned when no longer active. */
MUST_CHECK enum err users_update(struct db *db, struct arena *a, const struct user_changes *u,
                                 struct user *out);

struct password_change {
    struct tenant_event event;       /* its session stays, every other one ends */
    struct tenant_event ended_event; /* written when any other ended; detail has the reason */
    struct identifier identifier;    /* whose failures are forgotten */
    int64_t verified_changed_at;     /* guess_facts.password_changed_at */
    struct str hash;
};
/* *changed is false when the verified password, the session or the user is not what it was. */
MUST_CHECK enum err users_change_password(struct db *db, struct arena *a,
                                          const struct password_change *p, bool *changed);

/* Columns first to first + 7: id, status, email, email_verified, name, public_metadata, created_at,
 * updated_at. */
enum { USER_COLUMNS = 8 };
struct user user_read(const struct db_rows *rows, size_t row, int first);

#endif
