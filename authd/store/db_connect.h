/* SPDX-License-Identifier: Apache-2.0
 *
 * Opening a database connection, blocking: on connect workers and threads that may block.
 */
#ifndef AUTHD_STORE_DB_CONNECT_H
#define AUTHD_STORE_DB_CONNECT_H

#include <libpq-fe.h>
#include <stdint.h>

#include "store/db_error.h"

struct connect_target {
    const char *url; /* conninfo or URI; what is set below wins over it */
    const char *dbname;
    const char *user;
    const char *password;
    const char *application;
    const char *search_path; /* NULL: whatever the role's setting says */
    const char *schema;      /* current_schema() must be this; NULL = any */
    int64_t connect_timeout_ms;
    int64_t statement_timeout_ms; /* 0 = none */
    int64_t lock_timeout_ms;      /* 0 = none */
};

/* A connection, or NULL with the fault. A failure is logged with its SQLSTATE. */
PGconn *connect_blocking(const struct connect_target *target, enum db_fault *fault);
/* SQLSTATE of the last failure on this thread, "" when the server said nothing. */
const char *connect_sqlstate(void);

#endif
