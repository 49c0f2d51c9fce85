/* SPDX-License-Identifier: Apache-2.0
 *
 * The beginning of an instance: control database, schema, the first operator. Blocking.
 */
#ifndef AUTHD_STORE_CONTROL_INIT_H
#define AUTHD_STORE_CONTROL_INIT_H

#include "base/arena.h"
#include "base/err.h"
#include "crypto/token.h"

/* The database that a conninfo or URI names; NULL ptr when it is malformed or names none. */
struct str control_database_name(struct arena *a, const char *url);
/* The same connection, but to the database `postgres`, which every server has; NULL ptr when it is
 * malformed. */
struct str control_admin_conninfo(struct arena *a, const char *url);

/* Creates what is missing and may be repeated. The instance's identity and its first operator (an
 * admin) are made once, together: then *created is true and out_operator_key is the only copy of
 * the key; otherwise it is empty. admin_conninfo is of a role that may create databases, connected
 * to any existing one. ERR_conflict: the database belongs to another root key, or needs a newer
 * binary. */
MUST_CHECK enum err control_init(const char *admin_conninfo, const char *control_dbname,
                                 const uint8_t *root_key, char out_operator_key[KEY_TEXT_MAX + 1],
                                 bool *created);

#endif
