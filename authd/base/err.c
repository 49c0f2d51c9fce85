/* SPDX-License-Identifier: Apache-2.0
 *
 * The rows of errors.def as a table.
 */
#include "base/err.h"

#include <string.h>

const struct err_row err_rows[ERR_COUNT] = {
    [ERR_OK] = {"ok", 200, 0, "", "", ""},
#define ERR(code, status, retry, text, cause, remedy) \
    [ERR_##code] = {#code, status, retry, text, cause, remedy},
#include "authd/errors.def"
#undef ERR
};

enum err err_from_code(const char *code)
{
    for (int i = ERR_OK + 1; i < ERR_COUNT; i++) {
        if (strcmp(err_rows[i].code, code) == 0)
            return (enum err)i;
    }
    return ERR_OK;
}
