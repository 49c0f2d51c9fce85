/* SPDX-License-Identifier: Apache-2.0
 *
 * SQLSTATEs by table. Codes are those of PostgreSQL's errcodes.txt; a two-character row stands for
 * its whole class. The first row that fits counts.
 */
#include "store/db_error.h"

#include <stddef.h>
#include <string.h>

struct fault_row {
    const char *sqlstate;
    enum db_fault fault;
    bool spoils;
};

/* clang-format off */
static const struct fault_row faults[] = {
    {"23505", DB_FAULT_CONFLICT, false},        /* unique_violation */
    {"55P03", DB_FAULT_TRANSIENT, false},       /* lock_not_available: lock_timeout */
    {"57014", DB_FAULT_TRANSIENT, false},       /* query_canceled: statement_timeout */
    {"26000", DB_FAULT_TRANSIENT, true},        /* invalid_sql_statement_name: its PREPARE failed before */
    {"0A000", DB_FAULT_TRANSIENT, true},        /* cached plan must not change result type */
    {"25006", DB_FAULT_TRANSIENT, true},        /* read_only_sql_transaction: a standby */
    {"40",    DB_FAULT_TRANSIENT, false},       /* serialisation failure, deadlock */
    {"53",    DB_FAULT_TRANSIENT, false},       /* insufficient resources, too_many_connections */
    {"57",    DB_FAULT_TRANSIENT, true},        /* shutdown, cannot_connect_now */
    {"08",    DB_FAULT_TRANSIENT, true},        /* connection exceptions */
    {"58",    DB_FAULT_TRANSIENT, false},       /* system errors: I/O, missing file */
    {"3D000", DB_FAULT_NOT_PROVISIONED, false}, /* no such database */
    {"3F000", DB_FAULT_NOT_PROVISIONED, false}, /* no such schema */
    {"42P01", DB_FAULT_NOT_PROVISIONED, false}, /* no such table */
    {"42703", DB_FAULT_NOT_PROVISIONED, false}, /* no such column */
    {"42883", DB_FAULT_NOT_PROVISIONED, false}, /* no such function */
    {"42501", DB_FAULT_NOT_PROVISIONED, false}, /* no privilege: a grant is missing */
    {"28",    DB_FAULT_CREDENTIALS, false},     /* invalid authorisation */
};

static const enum err errors[][2] = {
    [DB_FAULT_UNKNOWN]         = {ERR_internal_error, ERR_internal_error},
    [DB_FAULT_CONFLICT]        = {ERR_conflict, ERR_conflict},
    [DB_FAULT_TRANSIENT]       = {ERR_control_plane_unavailable, ERR_tenant_db_unavailable},
    [DB_FAULT_NOT_PROVISIONED] = {ERR_internal_error, ERR_tenant_not_provisioned},
    [DB_FAULT_CREDENTIALS]     = {ERR_control_plane_unavailable, ERR_tenant_db_unavailable},
};
/* clang-format on */

static const struct fault_row no_row = {"", DB_FAULT_UNKNOWN, false};
static const struct fault_row lost_row = {"", DB_FAULT_TRANSIENT, true};

static const struct fault_row *row_of(const char *sqlstate)
{
    if (!sqlstate || !sqlstate[0])
        return &lost_row;
    for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++) {
        if (strncmp(sqlstate, faults[i].sqlstate, strlen(faults[i].sqlstate)) == 0)
            return &faults[i];
    }
    return &no_row;
}

enum db_fault db_fault_of(const char *sqlstate)
{
    return row_of(sqlstate)->fault;
}

enum err db_fault_error(enum db_fault fault, enum db_plane plane)
{
    return errors[fault][plane];
}

bool db_fault_spoils(const char *sqlstate)
{
    return row_of(sqlstate)->spoils;
}
