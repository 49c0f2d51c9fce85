/* SPDX-License-Identifier: Apache-2.0
 *
 * What a SQLSTATE means to a caller, by plane: the tenant's own database or the control database.
 */
#ifndef AUTHD_STORE_DB_ERROR_H
#define AUTHD_STORE_DB_ERROR_H

#include <stdbool.h>

#include "base/err.h"

enum { SQLSTATE_LEN = 5 };

enum db_plane { DB_PLANE_CONTROL, DB_PLANE_TENANT };

enum db_fault {
    DB_FAULT_UNKNOWN = 0,     /* a defect of ours or an inconsistent database */
    DB_FAULT_CONFLICT,        /* a unique violation */
    DB_FAULT_TRANSIENT,       /* try again later: time-outs, lost connections, a full server */
    DB_FAULT_NOT_PROVISIONED, /* database, schema, table or grant missing */
    DB_FAULT_CREDENTIALS      /* the server refuses our role or password */
};

/* "" (no SQLSTATE, as when the connection is lost) is transient. */
enum db_fault db_fault_of(const char *sqlstate);
enum err db_fault_error(enum db_fault fault, enum db_plane plane);
/* Whether the connection is of no more use though it still stands: its plans are outdated, or the
 * server has become a standby. */
bool db_fault_spoils(const char *sqlstate);

#endif
