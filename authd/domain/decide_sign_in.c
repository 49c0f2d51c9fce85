/* SPDX-License-Identifier: Apache-2.0
 *
 * Who gets in with a password. An unknown user, one without a password and a wrong password are the
 * same answer; only somebody who knows the password learns that the account is disabled.
 */
#include "domain/decide.h"

enum sign_in_decision decide_sign_in(const struct sign_in_facts *f)
{
    if (!f->user_exists || !f->has_password || !f->password_matches)
        return SIGN_IN_DENY;
    switch (f->status) {
    case USER_ACTIVE:
        return SIGN_IN_ALLOW;
    case USER_DISABLED:
    case USER_BANNED:
        return SIGN_IN_BANNED;
    case USER_NONE:
        break;
    }
    return SIGN_IN_DENY;
}
