/* SPDX-License-Identifier: Apache-2.0
 *
 * What a tenant publishes about itself: its JWKS (RFC 7517) and its metadata (RFC 8414).
 */
#ifndef AUTHD_FLOW_DISCOVERY_H
#define AUTHD_FLOW_DISCOVERY_H

#include "domain/tenant.h"

/* The snapshot's documents, which live as long as it does. The first call makes them, with the keys
 * that are published at `now`; any thread. */
const struct tenant_documents *tenant_documents(const struct tenant *t, int64_t now);

#endif
