/* SPDX-License-Identifier: Apache-2.0
 *
 * What a server needs around a token: out of its header, and into a refusal.
 */
#include "authd/verify.h"
#include "verify/text.h"

static bool is_token_char(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           (c && strchr("-._~+/=", c));
}

const char *authd_bearer_token(const char *authorization, size_t *length)
{
    static const struct slice scheme = {"Bearer ", 7};
    *length = 0;
    if (!authorization ||
        !authdv_same_word((struct slice){authorization, strnlen(authorization, scheme.len)},
                          scheme))
        return NULL;
    const char *token = authorization + scheme.len;
    size_t n = 0;
    while (is_token_char(token[n]))
        n++;
    if (n == 0 || token[n])
        return NULL;
    *length = n;
    return token;
}

struct error_row {
    const char *code;
    int status;
    const char *text;
};

#define ERROR_ROW(name, code, status, text) [AUTHD_VERIFY_##name] = {code, status, text},
static const struct error_row rows[] = {AUTHD_VERIFY_ERRORS(ERROR_ROW)};

/* A number that is none of ours refuses. */
static const struct error_row *row_of(enum authd_verify_error e)
{
    size_t n = (size_t)e;
    return &rows[n < sizeof(rows) / sizeof(rows[0]) ? n : AUTHD_VERIFY_UNAVAILABLE];
}

const char *authd_verify_error_code(enum authd_verify_error e)
{
    return row_of(e)->code;
}

int authd_verify_error_status(enum authd_verify_error e)
{
    return row_of(e)->status;
}

const char *authd_verify_error_text(enum authd_verify_error e)
{
    return row_of(e)->text;
}
