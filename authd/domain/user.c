/* SPDX-License-Identifier: Apache-2.0
 *
 * The words for a user's status. A status that has no word here does not exist: parsing fails and
 * the zero value is refused by every rule.
 */
#include "domain/user.h"

#include "domain/names.h"

static const char *const statuses[] = {
    [USER_ACTIVE] = "active", [USER_DISABLED] = "disabled", [USER_BANNED] = "banned"};
enum { STATUSES = sizeof(statuses) / sizeof(*statuses) };

const char *user_status_name(enum user_status s)
{
    return name_of(statuses, STATUSES, (int)s);
}

bool user_status_parse(struct str s, enum user_status *out)
{
    int found = name_find(statuses, STATUSES, s);
    if (found < 0)
        return false;
    *out = (enum user_status)found;
    return true;
}
