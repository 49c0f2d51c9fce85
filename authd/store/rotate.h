/* SPDX-License-Identifier: Apache-2.0
 *
 * Rotation of signing keys by age.
 */
#ifndef AUTHD_STORE_ROTATE_H
#define AUTHD_STORE_ROTATE_H

#include "store/db_sync.h"

/* Tenants whose newest key is older than the setting get a new one, which signs once every cached
 * JWKS can know it. At most 100 a round; one that fails does not stop the others. */
MUST_CHECK enum err rotate_aged_keys(PGconn *control, struct arena *a, int64_t now);

#endif
