/* SPDX-License-Identifier: Apache-2.0
 *
 * Parameters on their way to libpq, all in binary format. libpq copies them when they are sent.
 */
#ifndef AUTHD_STORE_DB_VALUE_H
#define AUTHD_STORE_DB_VALUE_H

#include <libpq-fe.h>

#include "base/arena.h"
#include "store/db.h"

struct db_encoded {
    const char *values[DB_PARAMS_MAX];
    int lengths[DB_PARAMS_MAX];
    int formats[DB_PARAMS_MAX];
    char numbers[DB_PARAMS_MAX][8];
};

/* The arena receives JSON documents, which need a byte before them. */
void db_encode(struct db_encoded *e, struct arena *a, const struct db_param *params, int n);

/* Hands a result set to the arena, which clears it in time. */
const struct db_rows *db_rows_keep(struct arena *a, PGresult *result);

#endif
