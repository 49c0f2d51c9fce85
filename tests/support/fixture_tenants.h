/* SPDX-License-Identifier: Apache-2.0
 *
 * The tenants of the http fixture.
 */
#ifndef TESTS_SUPPORT_FIXTURE_TENANTS_H
#define TESTS_SUPPORT_FIXTURE_TENANTS_H

#include "support/http_fixture.h"

void fixture_tenants_open(void);
void fixture_tenants_close(void);
/* Puts acme again with another status, policy or set of keys; acme.tenant is the new snapshot. */
void fixture_replace(struct fixture_tenant *t, enum tenant_status status, const char *policy_json,
                     bool with_keys);

#endif
