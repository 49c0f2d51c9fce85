/* SPDX-License-Identifier: Apache-2.0
 *
 * When a password hash is replaced: the only moment is a sign-in, while the password is at hand.
 */
#include "domain/decide.h"

bool decide_rehash(const struct policy *policy, const struct hash_facts *f)
{
    return (int64_t)f->algorithm != policy->password_hash || !f->parameters_current;
}
