/* SPDX-License-Identifier: Apache-2.0
 *
 * A tenant's policy as a struct, made from policy.def. It is parsed once, when the snapshot is
 * built or an update is judged; inside the program nobody interprets policy strings.
 */
#ifndef AUTHD_DOMAIN_POLICY_H
#define AUTHD_DOMAIN_POLICY_H

#include "base/json.h"
#include "domain/problem.h"

struct str_list {
    struct str *items;
    size_t n;
};

enum policy_type {
    POLICY_duration,
    POLICY_number,
    POLICY_choice,
    POLICY_text,
    POLICY_origins,
    POLICY_names
};
enum policy_password_hash { PASSWORD_HASH_ARGON2ID, PASSWORD_HASH_SCRYPT };
enum policy_blocklist { BLOCKLIST_OFF, BLOCKLIST_COMMON };
enum policy_sign_up { SIGN_UP_CLOSED, SIGN_UP_OPEN };

#define POLICY_C_duration int64_t
#define POLICY_C_number int64_t
#define POLICY_C_choice int64_t
#define POLICY_C_text struct str
#define POLICY_C_origins struct str_list
#define POLICY_C_names struct str_list

struct policy {
#define POLICY(name, type, preset, min, max, doc) POLICY_C_##type name;
#include "authd/policy.def"
#undef POLICY
};

struct policy_row {
    const char *name;
    enum policy_type type;
    const char *preset; /* the default, as text */
    int64_t min;
    int64_t max;
    const char *choices; /* "a|b", choice only */
    const char *doc;
    size_t offset;
};

extern const struct policy_row policy_rows[];
extern const size_t policy_row_count;

/* Every default. Lists and texts point at static memory. */
void policy_defaults(struct policy *out);
/* Defaults overlaid with the stored document (NULL = nothing set); strings are copied into a. Every
 * wrong member is a problem named "policy.<name>", an unknown one too; false when there was one. p
 * may be NULL. */
bool policy_from_json(struct arena *a, const json_t *document, struct policy *out,
                      struct problems *p);
/* The stored document (NULL = nothing set) with the members of patch set, or removed where null
 * (back to the default). The result is a new reference and valid, or NULL with problems. */
json_t *policy_patch(struct arena *a, const json_t *document, const json_t *patch,
                     struct problems *p);
/* One value as JSON: "8h", 5, "argon2id", ["https://…"]; what policy_from_json reads back to the
 * same. */
void policy_write_value(struct json_writer *w, const struct policy *policy,
                        const struct policy_row *row);
/* The command line's text of one policy ("8h", "5", "https://a,https://b", "" = no entries) as JSON
 * value; NULL with a problem when it is not of the row's form. Range and list entries are checked
 * by policy_from_json. */
json_t *policy_value_from_text(const struct policy_row *row, struct str text, struct problems *p);

#endif
