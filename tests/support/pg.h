/* SPDX-License-Identifier: Apache-2.0
 *
 * A private PostgreSQL for one test program: a cluster in a temporary directory, reached over a
 * Unix socket only, gone with the program. About half a second.
 *
 * The superuser `postgres` needs no password; every other role does (SCRAM).
 */
#ifndef TESTS_SUPPORT_PG_H
#define TESTS_SUPPORT_PG_H

#include <stdbool.h>
#include <stddef.h>

enum { PG_URL_MAX = 256 };

struct pg;

/* settings: more of postgres's command line, such as "-c max_connections=20", or "". Crash safety
 * (fsync) is off unless durable. Aborts the program with a text when it does not come up. */
struct pg *pg_start(const char *settings, bool durable);
/* Stops it and removes the cluster. */
void pg_destroy(struct pg *pg);

/* Down and up again; immediate is a crash. */
void pg_halt(struct pg *pg, bool immediate);
void pg_resume(struct pg *pg);

/* Conninfo of the superuser. */
void pg_url(const struct pg *pg, const char *dbname, char out[PG_URL_MAX]);

#endif
