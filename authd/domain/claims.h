/* SPDX-License-Identifier: Apache-2.0
 *
 * What a tenant's settings put into a token, and which claim names nobody may take.
 */
#ifndef AUTHD_DOMAIN_CLAIMS_H
#define AUTHD_DOMAIN_CLAIMS_H

#include "domain/tenant.h"

/* aud: the client's audience, else the tenant's, else the tenant id. client may be NULL. */
struct str token_audience(const struct tenant *t, const struct client *client);

/* The members that carry the tenant id: `tenant`, then every alias of the tenant's policy. */
void claims_write_tenant(struct json_writer *w, const struct tenant *t);

/* ^[A-Za-z_][A-Za-z0-9_.:/-]{0,63}$: needs no escaping as a JSON key. */
bool claim_name_valid(struct str name);
/* A registered claim, or one that authd writes itself. */
bool claim_name_reserved(struct str name);

#endif
