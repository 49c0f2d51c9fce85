/* SPDX-License-Identifier: Apache-2.0
 *
 * The parts of provisioning, on two blocking connections: one to the control database, one of the
 * provisioner, who may create roles and databases (a superuser, or PostgreSQL's CREATEROLE with
 * CREATEDB). Without a provisioner of its own they are one and the same. Inside storage only.
 */
#ifndef AUTHD_STORE_PROVISIONER_H
#define AUTHD_STORE_PROVISIONER_H

#include "store/db_sync.h"
#include "store/envelope.h"
#include "store/provision.h"

struct provisioner {
    const char *control_url;
    const char *admin_url;
    PGconn *control;
    PGconn *admin;
    bool superuser;
    int64_t idle_since_ms;
};

/* admin_url NULL = control_url. Closed again when it fails. */
MUST_CHECK enum err provisioner_open(struct provisioner *p, const char *control_url,
                                     const char *admin_url);
void provisioner_close(struct provisioner *p);

/* This process's own, as store_config says: one that was kept from the last time, or a new one.
 * Give it back with the result of what was done: after a failure it is closed. From any thread. */
MUST_CHECK enum err provisioner_take(struct provisioner *p);
void provisioner_give(struct provisioner *p, enum err result);
/* Closes those that have been idle since then or longer. */
void provisioner_close_idle(int64_t since_ms);

/* Begins a script whose commit need not wait for the disk, because a later one of the same server
 * does before anybody is told. */
#define PROVISION_LAZILY "SET LOCAL synchronous_commit = off;"
/* The same for what only the record in the control database follows: "" when that is elsewhere. */
const char *provisioner_lazily(const struct provisioner *p);

/* A tenant's row as far as provisioning needs it; strings live in the arena. */
struct provision_row {
    struct id tenant;
    struct str status;
    bool ready;   /* a spare's database is */
    bool dropped; /* a deleted tenant's is */
    struct str wrapped_key;
    struct str database;
    struct str owner;
    struct str login[2];
    struct str sealed_passwords;
    bool keep_database;
};
/* ERR_not_found. */
MUST_CHECK enum err provision_row_read(struct provisioner *p, struct arena *a, struct str tenant,
                                       struct provision_row *out);

/* The steps; each may be repeated. */
MUST_CHECK enum err provision_roles(struct provisioner *p, struct arena *a,
                                    const struct provision_row *row);
MUST_CHECK enum err provision_database(struct provisioner *p, struct arena *a,
                                       const struct provision_row *row);
MUST_CHECK enum err provision_access(struct provisioner *p, struct arena *a,
                                     const struct provision_row *row);
MUST_CHECK enum err provision_inside(struct provisioner *p, struct arena *a,
                                     const struct provision_row *row);

/* Takes the tenant's lock, does what is left, unlocks. Without wait it leaves a tenant that another
 * node is working on alone. */
MUST_CHECK enum err provision_tenant(struct provisioner *p, struct str tenant, bool wait,
                                     int64_t now, int64_t *revision);
/* Database and roles of a deleted tenant. */
MUST_CHECK enum err provision_drop(struct provisioner *p, struct str tenant);
/* One more database for the shelf; *made is false when there are enough or another node is at it.
 */
MUST_CHECK enum err provision_spare(struct provisioner *p, unsigned wanted, int64_t now,
                                    bool *made);

/* Name of the database that tenants are cloned from: version and checksum of what it is made of. */
const char *provision_template_name(struct arena *a);
/* Makes and migrates it unless it is there. */
MUST_CHECK enum err provision_template_ensure(struct provisioner *p, struct arena *a);

/* Connects the provisioner to another database. */
MUST_CHECK enum err provisioner_connect(const struct provisioner *p, const char *database,
                                        PGconn **out);
/* A yes-or-no query with one parameter (NULL ptr: none) on the provisioner's connection. */
MUST_CHECK enum err provisioner_ask(struct provisioner *p, struct arena *a, const char *name,
                                    const char *text, struct str param, bool *yes);

#endif
