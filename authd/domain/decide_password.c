/* SPDX-License-Identifier: Apache-2.0
 *
 * Which passwords may be chosen: long enough, not among those tried first, and nothing else. No
 * composition rules, no expiry, no hints (NIST SP 800-63B-4, 3.1.1.2).
 */
#include "domain/decide.h"

enum password_decision decide_password(const struct policy *policy, const struct password_facts *f)
{
    if (!str_is_set(f->password) || policy->password_min_length < 1)
        return PASSWORD_DENY;
    if (f->password.len > PASSWORD_MAX)
        return PASSWORD_TOO_LONG;
    if ((int64_t)utf8_length(f->password) < policy->password_min_length)
        return PASSWORD_TOO_SHORT;
    if (f->common && policy->password_blocklist != BLOCKLIST_OFF)
        return PASSWORD_TOO_COMMON;
    return PASSWORD_ACCEPT;
}
