-- SPDX-License-Identifier: Apache-2.0
--
-- What provisioning reads and records in the control database, on connections of its own (session locks are allowed
-- there). provision_step: 0 the row with its keys, 4 ready, -1 dropped. What lies between is found, not recorded.

-- name: provision_lock
SELECT pg_advisory_lock(hashtextextended('authd provision ' || $1, 0));

-- name: provision_try_lock
SELECT pg_try_advisory_lock(hashtextextended('authd provision ' || $1, 0));

-- name: provision_unlock
SELECT pg_advisory_unlock(hashtextextended('authd provision ' || $1, 0));

-- name: provision_row
SELECT status, provision_step = 4, provision_step < 0, wrapped_key, database_name, owner_role, login_roles[1], login_roles[2],
       sealed_passwords, keep_database
FROM tenant WHERE id = $1;

-- $1 tenant, $2 schema version
-- name: provision_spare_ready
UPDATE tenant SET provision_step = 4, schema_version = $2::bigint
WHERE id = $1 AND status = 'spare';

-- Under control_lock, like every write that takes a revision; its audit row was written with the tenant.
-- $1 tenant, $2 now, $3 schema version
-- name: provision_activate
WITH ready AS (
    UPDATE tenant
    SET status = 'active', provision_step = 4, schema_version = $3::bigint, updated_at = $2::timestamptz,
        revision = (SELECT revision + 1 FROM feed_head)
    WHERE id = $1 AND status = 'provisioning'
    RETURNING id),
head AS (UPDATE feed_head h SET revision = h.revision + 1 FROM ready RETURNING h.revision),
feed AS (INSERT INTO change (revision, tenant_id, kind, at)
         SELECT head.revision, ready.id, 'tenant.created', $2::timestamptz FROM head, ready)
SELECT head.revision, pg_notify('authd_change', head.revision::text) FROM head;

-- A deleted tenant whose database is gone needs its keys no more.
-- name: provision_dropped
UPDATE tenant SET provision_step = -1, wrapped_key = NULL, sealed_passwords = ''
WHERE id = $1 AND status = 'deleted';

-- What a crash left undone, and deleted tenants: those a little later, so that every node has stopped using them.
-- $1 now
-- name: provision_work
SELECT id, status = 'deleted'
FROM tenant
WHERE status = 'provisioning'
   OR (status = 'spare' AND provision_step < 4)
   OR (status = 'deleted' AND NOT keep_database AND provision_step >= 0
       AND deleted_at <= $1::timestamptz - interval '5 seconds')
ORDER BY created_at, id
LIMIT 100;

-- $1 schema version
-- name: spare_count
SELECT count(*) FROM tenant WHERE status = 'spare' AND (provision_step < 4 OR schema_version = $1::bigint);

-- name: spare_try_lock
SELECT pg_try_advisory_lock(hashtextextended('authd spares', 0));

-- name: spare_unlock
SELECT pg_advisory_unlock(hashtextextended('authd spares', 0));

-- Databases that `authd migrate` brings up to date.
-- name: provision_migratable
SELECT id, COALESCE(slug, ''), database_name, owner_role
FROM tenant
WHERE status IN ('spare', 'active', 'suspended') AND provision_step = 4
ORDER BY created_at, id;

-- $1 tenant, $2 schema version
-- name: provision_migrated
UPDATE tenant SET schema_version = $2::bigint WHERE id = $1;
