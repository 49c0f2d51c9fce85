/* SPDX-License-Identifier: Apache-2.0
 *
 * `authd migrate`: brings every database of an instance up to date. Blocking.
 */
#ifndef AUTHD_STORE_MIGRATE_ALL_H
#define AUTHD_STORE_MIGRATE_ALL_H

#include "base/arena.h"
#include "base/err.h"
#include "base/id.h"

struct migrate_result {
    struct str what; /* "control", "template", or a tenant's id */
    struct str slug; /* of a tenant; empty for a spare */
    enum err result;
    int version; /* afterwards */
};
struct migrate_results {
    struct migrate_result *items; /* in the arena */
    size_t n;
    size_t failed;
};

/* Control database first, then the template, then every tenant on its own: a broken one does not
 * stop the rest. provisioner_url NULL = control_url. The error is that of the control database, the
 * template or the list of tenants, without which there is nothing to go on with; failed counts the
 * databases that are not up to date. */
MUST_CHECK enum err migrate_all(const char *control_url, const char *provisioner_url,
                                struct arena *a, struct migrate_results *out);

#endif
