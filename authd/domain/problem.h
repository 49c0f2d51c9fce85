/* SPDX-License-Identifier: Apache-2.0
 *
 * What is wrong with an input, field by field: the errors[] of a 422.
 */
#ifndef AUTHD_DOMAIN_PROBLEM_H
#define AUTHD_DOMAIN_PROBLEM_H

#include "base/err.h"
#include "base/str.h"

enum { PROBLEMS_MAX = 16 };

struct problem {
    struct str field;   /* dotted path, "policy.session_duration" */
    const char *code;   /* "required", "wrong_type", "too_long", "malformed", "out_of_range",
                           "unknown_field" … */
    struct str message; /* a sentence for people */
};

struct problems {
    struct arena *arena;
    size_t n; /* further ones than PROBLEMS_MAX are dropped */
    struct problem list[PROBLEMS_MAX];
};

/* Copies field; message is formatted into the arena. p may be NULL: nobody wants to know. */
void problem_add(struct problems *p, struct str field, const char *code, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

#endif
