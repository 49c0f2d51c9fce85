/* SPDX-License-Identifier: Apache-2.0
 *
 * Derived from the tenant's policy of this moment.
 */
#include "flow/sign_in_config.h"

enum err sign_in_config_read(struct call *c)
{
    static struct str methods[] = {{"password", sizeof("password") - 1}};
    const struct policy *policy = &c->tenant->policy;
    *(struct sign_in_config *)c->out = (struct sign_in_config){
        .sign_up = policy->sign_up == SIGN_UP_OPEN ? STR("open") : STR("closed"),
        .password_min_length = policy->password_min_length,
        .methods = {methods, sizeof(methods) / sizeof(methods[0])},
    };
    return ERR_OK;
}
