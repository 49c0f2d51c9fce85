/* SPDX-License-Identifier: Apache-2.0
 *
 * The types of policy.def: how a value of each is read from JSON, written as JSON, and read from
 * the command line. Private to the policy files.
 */
#ifndef AUTHD_DOMAIN_POLICY_KIND_H
#define AUTHD_DOMAIN_POLICY_KIND_H

#include "domain/policy.h"

struct policy_kind {
    /* Checks the value and writes it to the struct member; false with a problem. Strings are copied
     * into a. */
    bool (*read)(struct arena *a, const struct policy_row *row, const json_t *value, void *member,
                 struct problems *p);
    void (*write)(struct json_writer *w, const struct policy_row *row, const void *member);
    /* A new reference; NULL when the text is not of this type's form. */
    json_t *(*from_text)(const struct policy_row *row, struct str text);
};

/* Indexed by enum policy_type. */
extern const struct policy_kind policy_kinds[];

/* A problem with the field "policy.<name>". */
#define policy_problem(p, row_name, code, ...)                                   \
    do {                                                                         \
        char field_[POLICY_FIELD_MAX];                                           \
        problem_add((p), policy_field(field_, (row_name)), (code), __VA_ARGS__); \
    } while (0)
enum { POLICY_FIELD_MAX = 80 };
/* The path in buffer; a name that is too long is cut. */
struct str policy_field(char buffer[POLICY_FIELD_MAX], struct str name);

#endif
