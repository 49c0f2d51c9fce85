/* SPDX-License-Identifier: Apache-2.0
 *
 * What a tenant publishes about itself: its JWKS (RFC 7517) and its metadata (RFC 8414).
 */
#ifndef AUTHD_FLOW_DISCOVERY_H
#define AUTHD_FLOW_DISCOVERY_H

#include "domain/tenant.h"

/* Builds the documents and their ETags into a snapshot that nobody else sees yet; the JWKS has the
 * keys that are published at `now`. */
void discovery_prebuild(struct tenant *t, int64_t now);

#endif
