/* SPDX-License-Identifier: Apache-2.0
 *
 * The one error type. 0 is success and must be checked; every other value is a row of errors.def,
 * so an error that reaches the edge already knows its status, code, text and remedy. The first
 * failure logs once where it happened; upper floors only pass it on.
 */
#ifndef AUTHD_BASE_ERR_H
#define AUTHD_BASE_ERR_H

#define MUST_CHECK __attribute__((warn_unused_result))

enum err {
    ERR_OK = 0,
#define ERR(code, status, retry, text, cause, remedy) ERR_##code,
#include "authd/errors.def"
#undef ERR
    ERR_COUNT
};

struct err_row {
    const char *code;
    int status;
    int retry_after; /* seconds, 0 = none */
    const char *text;
    const char *cause;
    const char *remedy;
};

/* Indexed by enum err; row 0 is unused. */
extern const struct err_row err_rows[ERR_COUNT];

/* The row whose wire code is `code`, or ERR_OK when there is none. */
enum err err_from_code(const char *code);

#endif
