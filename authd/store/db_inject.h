/* SPDX-License-Identifier: Apache-2.0
 *
 * Fault injection as db.h describes it; nothing at all in a build without it.
 */
#ifndef AUTHD_STORE_DB_INJECT_H
#define AUTHD_STORE_DB_INJECT_H

#include "store/db.h"

enum db_inject { DB_INJECT_NONE, DB_INJECT_BEFORE, DB_INJECT_AFTER };

#ifdef AUTHD_FAULTS
/* What is to happen to a call with these statements. */
enum db_inject db_inject_of(const struct db_query *queries, size_t n);
#else
static inline enum db_inject db_inject_of(const struct db_query *queries, size_t n)
{
    (void)queries, (void)n;
    return DB_INJECT_NONE;
}
#endif

#endif
