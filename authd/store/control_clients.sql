-- SPDX-License-Identifier: Apache-2.0
--
-- Clients of a tenant and their keys. $6 is always the tenant's id: the flow has looked it up. A deleted client keeps its
-- row, its keys are revoked with it.

-- $1 tenant, $2 client
-- name: client_get
SELECT id, name, type, audience, revision, created_at, updated_at
FROM client WHERE tenant_id = $1 AND id = $2 AND deleted_at IS NULL;

-- $1 tenant, $2 id after which the page starts or NULL, $3 rows
-- name: client_list
SELECT id, name, type, audience, revision, created_at, updated_at
FROM client
WHERE tenant_id = $1 AND deleted_at IS NULL AND ($2::text IS NULL OR id < $2)
ORDER BY id DESC
LIMIT $3::bigint;

-- $7 id, $8 name, $9 type, $10 audience, $11 to $13 publishable key id, hash, hint, $14 to $16 secret key; a NULL id
-- makes no such key.
-- name: client_create
WITH target AS (SELECT id FROM tenant WHERE id = $6 AND status IN ('provisioning', 'active', 'suspended')),
made AS (
    INSERT INTO client (id, tenant_id, name, type, audience, revision, created_at, updated_at)
    SELECT $7, target.id, $8, $9, $10, (SELECT revision + 1 FROM feed_head), $2::timestamptz, $2::timestamptz FROM target
    RETURNING *),
keys AS (
    INSERT INTO client_key (id, client_id, tenant_id, kind, hash, hint, created_at)
    SELECT k.id, made.id, made.tenant_id, k.kind, k.hash, k.hint, $2::timestamptz
    FROM made,
         (VALUES ($11, 'publishable', $12::bytea, $13), ($14, 'secret', $15::bytea, $16)) k (id, kind, hash, hint)
    WHERE k.id IS NOT NULL),
log AS (
    INSERT INTO audit (id, at, actor_type, actor_id, event, tenant_id, target_id, after, address, request_id)
    SELECT $1, $2::timestamptz, CASE WHEN $3::text IS NULL THEN 'system' ELSE 'operator' END, $3, 'client.created',
           tenant_id, id, jsonb_build_object('name', name, 'type', type, 'audience', audience), $4, $5
    FROM made)
SELECT id, name, type, audience, revision, created_at, updated_at FROM made;

-- $7 client, $8 name or NULL (as it was), $9 change the audience, $10 audience, $11 revision that must still be the
-- client's, or NULL. Found but not changed: the revision differs.
-- name: client_update
WITH target AS (SELECT * FROM client WHERE tenant_id = $6 AND id = $7 AND deleted_at IS NULL),
changed AS (
    UPDATE client c
    SET name = COALESCE($8, c.name), audience = CASE WHEN $9::boolean THEN $10 ELSE c.audience END,
        revision = (SELECT revision + 1 FROM feed_head), updated_at = $2::timestamptz
    FROM target WHERE c.id = target.id AND ($11::bigint IS NULL OR target.revision = $11::bigint)
    RETURNING c.*),
log AS (
    INSERT INTO audit (id, at, actor_type, actor_id, event, tenant_id, target_id, before, after, address, request_id)
    SELECT $1, $2::timestamptz, CASE WHEN $3::text IS NULL THEN 'system' ELSE 'operator' END, $3, 'client.updated',
           b.tenant_id, b.id, jsonb_build_object('name', b.name, 'audience', b.audience),
           jsonb_build_object('name', a.name, 'audience', a.audience), $4, $5
    FROM target b JOIN changed a USING (id))
SELECT c.id, c.name, c.type, c.audience, c.revision, c.created_at, c.updated_at
FROM target LEFT JOIN changed c USING (id);

-- $7 client
-- name: client_delete
WITH gone AS (
    UPDATE client SET deleted_at = $2::timestamptz, revision = (SELECT revision + 1 FROM feed_head)
    WHERE tenant_id = $6 AND id = $7 AND deleted_at IS NULL
    RETURNING *),
keys AS (
    UPDATE client_key k SET revoked_at = $2::timestamptz FROM gone
    WHERE k.tenant_id = gone.tenant_id AND k.client_id = gone.id AND k.revoked_at IS NULL),
log AS (
    INSERT INTO audit (id, at, actor_type, actor_id, event, tenant_id, target_id, before, address, request_id)
    SELECT $1, $2::timestamptz, CASE WHEN $3::text IS NULL THEN 'system' ELSE 'operator' END, $3, 'client.deleted',
           tenant_id, id, jsonb_build_object('name', name, 'type', type, 'audience', audience), $4, $5
    FROM gone)
SELECT id FROM gone;

-- Active keys and those that ended within the last 90 days: the janitor removes older ones.
-- $1 tenant, $2 client, $3 id after which the page starts or NULL, $4 rows
-- name: client_key_list
SELECT id, kind, hint, created_at, expires_at, revoked_at, last_used_at
FROM client_key
WHERE tenant_id = $1 AND client_id = $2 AND ($3::text IS NULL OR id < $3)
ORDER BY id DESC
LIMIT $4::bigint;

-- $7 client, $8 id, $9 kind, $10 hash, $11 hint
-- name: client_key_create
WITH owner AS (SELECT id, tenant_id FROM client WHERE tenant_id = $6 AND id = $7 AND deleted_at IS NULL),
made AS (
    INSERT INTO client_key (id, client_id, tenant_id, kind, hash, hint, created_at)
    SELECT $8, owner.id, owner.tenant_id, $9, $10::bytea, $11, $2::timestamptz FROM owner
    RETURNING *),
log AS (
    INSERT INTO audit (id, at, actor_type, actor_id, event, tenant_id, target_id, after, address, request_id)
    SELECT $1, $2::timestamptz, CASE WHEN $3::text IS NULL THEN 'system' ELSE 'operator' END, $3, 'key.created',
           tenant_id, id, jsonb_build_object('client', client_id, 'kind', kind, 'hint', hint), $4, $5
    FROM made)
SELECT id, kind, hint, created_at, expires_at, revoked_at, last_used_at FROM made;

-- The kind of a key, and whether it can still be rolled: one that has a successor cannot.
-- $1 tenant, $2 client, $3 key
-- name: client_key_find
SELECT k.kind, k.revoked_at IS NULL AND k.expires_at IS NULL
FROM client_key k JOIN client c ON c.id = k.client_id
WHERE k.tenant_id = $1 AND k.client_id = $2 AND k.id = $3 AND c.deleted_at IS NULL;

-- A successor of the same kind; the old key ends at $12.
-- $7 client, $8 old key, $9 new id, $10 hash, $11 hint, $12 end of the old key
-- name: client_key_roll
WITH old AS (
    UPDATE client_key k SET expires_at = $12::timestamptz
    WHERE k.tenant_id = $6 AND k.client_id = $7 AND k.id = $8 AND k.revoked_at IS NULL AND k.expires_at IS NULL
    RETURNING *),
made AS (
    INSERT INTO client_key (id, client_id, tenant_id, kind, hash, hint, created_at)
    SELECT $9, old.client_id, old.tenant_id, old.kind, $10::bytea, $11, $2::timestamptz FROM old
    RETURNING *),
log AS (
    INSERT INTO audit (id, at, actor_type, actor_id, event, tenant_id, target_id, before, after, address, request_id)
    SELECT $1, $2::timestamptz, CASE WHEN $3::text IS NULL THEN 'system' ELSE 'operator' END, $3, 'key.rolled',
           old.tenant_id, old.id, jsonb_build_object('hint', old.hint),
           jsonb_build_object('client', old.client_id, 'kind', old.kind, 'successor', made.id, 'hint', made.hint,
                              'expires_at', old.expires_at), $4, $5
    FROM old, made)
SELECT id, kind, hint, created_at, expires_at, revoked_at, last_used_at FROM made;

-- Revoking twice is no second change.
-- $7 client, $8 key
-- name: client_key_revoke
WITH target AS (SELECT * FROM client_key WHERE tenant_id = $6 AND client_id = $7 AND id = $8),
changed AS (
    UPDATE client_key k SET revoked_at = $2::timestamptz FROM target
    WHERE k.id = target.id AND k.revoked_at IS NULL
    RETURNING k.id),
log AS (
    INSERT INTO audit (id, at, actor_type, actor_id, event, tenant_id, target_id, before, address, request_id)
    SELECT $1, $2::timestamptz, CASE WHEN $3::text IS NULL THEN 'system' ELSE 'operator' END, $3, 'key.revoked',
           tenant_id, id, jsonb_build_object('client', client_id, 'kind', kind, 'hint', hint), $4, $5
    FROM target JOIN changed USING (id))
SELECT id FROM target;
