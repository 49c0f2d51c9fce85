/* SPDX-License-Identifier: Apache-2.0
 *
 * Rotation by age: what operators do with `rotate-keys`, done by the system. A key that waits for
 * its time to sign counts as new, so a tenant is not rotated twice.
 */
#include "store/rotate.h"

#include "base/log.h"
#include "store/control_signing_keys.h"
#include "store/control_sync.h"
#include "store/store.h"
#include "store/upkeep.h"

static enum err rotate_one(PGconn *c, struct arena *a, struct str tenant, int64_t now)
{
    const struct db_rows *rows;
    struct control_write w = {.audit_id = id_new("evt_", now), .now = now};
    struct signing_key_rotation r;
    struct id id;
    if (!id_parse(tenant, "tnt_", &id))
        return ERR_internal_error;
    struct db_query q = signing_key_context_query(&id);
    enum err e = sync_run(c, a, q.sql, q.params, &rows);
    if (e != ERR_OK || (e = signing_key_rotation_make(&id, rows, now, false, &r)) != ERR_OK)
        return e;
    q = signing_key_rotation_query(&w, &r);
    e = control_sync_run(c, a, &w, &q, &rows);
    if (e == ERR_OK && db_count(rows))
        log_info("signing_key_rotated", LOG_STR("tenant", tenant),
                 LOG_STR("kid", id_str(&r.key.kid)));
    return e;
}

enum err rotate_aged_keys(PGconn *control, struct arena *a, int64_t now)
{
    const struct db_rows *rows;
    if (store_config.signing_key_max_age_s == 0)
        return ERR_OK;
    struct db_param params[1] = {db_time(now - store_config.signing_key_max_age_s * 1000)};
    enum err e = sync_run(control, a, SQL_SIGNING_KEY_AGED, params, &rows);
    if (e != ERR_OK)
        return e;
    for (size_t i = 0; i < db_count(rows) && !upkeep_stopping(); i++) {
        struct str tenant = db_get_text(rows, i, 0);
        enum err one = rotate_one(control, a, tenant, now);
        if (one != ERR_OK)
            log_warn("signing_key_rotation_failed", LOG_STR("tenant", tenant));
        e = e == ERR_OK ? one : e;
    }
    return e;
}
