/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether a publishable key may create users.
 */
#include "domain/decide.h"

enum sign_up_decision decide_sign_up(const struct policy *policy)
{
    if (policy->sign_up == SIGN_UP_OPEN)
        return SIGN_UP_ALLOW;
    return policy->sign_up == SIGN_UP_CLOSED ? SIGN_UP_REFUSED_CLOSED : SIGN_UP_DENY;
}
