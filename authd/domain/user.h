/* SPDX-License-Identifier: Apache-2.0
 *
 * Users and sessions as plain structs, and the rules about what people type.
 */
#ifndef AUTHD_DOMAIN_USER_H
#define AUTHD_DOMAIN_USER_H

#include "base/id.h"
#include "domain/tenant.h"

enum user_status { USER_NONE = 0, USER_ACTIVE, USER_DISABLED, USER_BANNED };
const char *user_status_name(enum user_status s);
bool user_status_parse(struct str s, enum user_status *out);

struct user {
    struct id id;
    enum user_status status;
    struct str email; /* as typed; the lower-cased form is the key */
    bool email_verified;
    struct str name;            /* NULL ptr = none */
    struct str public_metadata; /* JSON object */
    int64_t created_at;
    int64_t updated_at;
};

struct session {
    struct id id;
    struct id user_id;
    struct id client_id;
    int64_t created_at;          /* sign-in: auth_time, start of session_duration */
    int64_t rotated_at;          /* last refresh, or created_at */
    int64_t previous_rotated_at; /* the refresh before, or 0 */
    int64_t generation;
    int64_t ended_at; /* 0 = alive */
    struct str end_reason;
    struct str amr; /* "pwd" */
    struct str user_agent;
    struct str address;
};

enum { EMAIL_MAX = 254, PASSWORD_MAX = 256, NAME_MAX_BYTES = 200 };

/* local@domain as HTML forms take it (no quoted local part, no address literal), also in other
 * scripts; valid UTF-8, at most 254 bytes, only printable characters, no confusable forms of '@',
 * '.' or other ASCII. *key receives the form that is unique in a tenant: NFC, ASCII letters
 * lower-cased. */
bool email_valid(struct arena *a, struct str typed, struct str *key);

/* What is counted, checked and hashed: Unicode NFC (utf8proc), nothing else changed: no trimming,
 * no case folding. False when absent, not UTF-8 or when it has a NUL. What is over PASSWORD_MAX in
 * every form comes back as typed: still over it, so it can neither be chosen nor match, and must
 * not be hashed. */
bool password_normalise(struct arena *a, struct str typed, struct str *out);

#endif
