/* SPDX-License-Identifier: Apache-2.0
 *
 * A browser (spa) or an installed app (native) cannot keep a secret, so it is given none (OAuth 2.1
 * section 2.1); a machine has no user in front of it, so it needs no publishable key.
 */
#include "flow/client_type.h"

static const struct {
    const char *type;
    const char *kind;
} allowed[] = {
    {"web", "publishable"},    {"web", "secret"},     {"spa", "publishable"},
    {"native", "publishable"}, {"machine", "secret"},
};

bool client_type_has(struct str type, struct str kind)
{
    for (size_t i = 0; i < sizeof(allowed) / sizeof(*allowed); i++) {
        if (str_eqz(type, allowed[i].type) && str_eqz(kind, allowed[i].kind))
            return true;
    }
    return false;
}
