-- SPDX-License-Identifier: Apache-2.0
--
-- Tenants as operators see them. A tenant is named by slug or id (no slug contains an underscore). A deleted one keeps
-- its row, so that its slug is never given again, but is not found.

-- name: tenant_get
SELECT id, slug, name, environment, status, issuer, policy, revision, created_at, updated_at
FROM tenant
WHERE (id = $1 OR slug = $1) AND slug IS NOT NULL AND status <> 'deleted';

-- $1 status or NULL, $2 id after which the page starts or NULL, $3 rows
-- name: tenant_list
SELECT id, slug, name, environment, status, issuer, policy, revision, created_at, updated_at
FROM tenant
WHERE (created_at, id) < (COALESCE((SELECT created_at FROM tenant WHERE id = $2), 'infinity'), COALESCE($2, ''))
  AND slug IS NOT NULL AND status <> 'deleted' AND ($1::text IS NULL OR status = $1)
ORDER BY created_at DESC, id DESC
LIMIT $3::bigint;

-- A row that no tenant owns yet: its keys exist before anything outside the row does, so that provisioning can be
-- resumed from it alone. Not published: nobody can name it.
-- $1 id, $2 now, $3 wrapped key, $4 database, $5 owner, $6 first and $7 second login role, $8 sealed passwords,
-- $9 kid, $10 public key, $11 sealed secret key, $12 schema version: nothing happens when there is a finished one of it,
-- and that is locked until the end of the transaction, so that tenant_claim finds it
-- name: spare_insert
WITH ready AS (
    SELECT id FROM tenant
    WHERE status = 'spare' AND provision_step = 4 AND schema_version = $12::bigint
    ORDER BY created_at, id
    LIMIT 1
    FOR UPDATE),
spare AS (
    INSERT INTO tenant (id, status, wrapped_key, database_name, owner_role, login_roles, sealed_passwords,
                        created_at, updated_at, sweep_due_at)
    SELECT $1, 'spare', $3::bytea, $4, $5, ARRAY[$6, $7], $8::bytea,
           $2::timestamptz, $2::timestamptz, $2::timestamptz + interval '1 day'
    WHERE NOT EXISTS (SELECT FROM ready)
    RETURNING id)
INSERT INTO signing_key (kid, tenant_id, algorithm, public_key, sealed_secret, published_at, signs_at, created_at)
SELECT $9, spare.id, 'EdDSA', $10::bytea, $11::bytea, $2::timestamptz, $2::timestamptz, $2::timestamptz FROM spare;

-- Gives a spare row to a new tenant: the oldest finished one of this schema version, or else the one named by $19.
-- $6 slug, $7 name, $8 environment, $9 issuer, $10 policy, $11 client, $12 to $14 publishable key id, hash, hint,
-- $15 to $17 secret key, $18 schema version, $19 id
-- name: tenant_claim
WITH spare AS (
    SELECT id FROM tenant
    WHERE status = 'spare'
      AND (provision_step = 4 AND schema_version = $18::bigint OR id = $19)
    ORDER BY provision_step DESC, created_at, id
    LIMIT 1
    FOR UPDATE SKIP LOCKED),
claimed AS (
    UPDATE tenant t
    SET slug = $6, name = $7, environment = $8, issuer = $9, policy = $10::jsonb,
        status = CASE WHEN t.provision_step = 4 THEN 'active' ELSE 'provisioning' END,
        revision = (SELECT revision + 1 FROM feed_head),
        created_at = $2::timestamptz, updated_at = $2::timestamptz,
        sweep_due_at = $2::timestamptz + interval '1 day'
    FROM spare WHERE t.id = spare.id
    RETURNING t.*),
first_client AS (
    INSERT INTO client (id, tenant_id, name, type, revision, created_at, updated_at)
    SELECT $11, id, 'Default', 'web', revision, created_at, created_at FROM claimed
    RETURNING id, tenant_id),
first_keys AS (
    INSERT INTO client_key (id, client_id, tenant_id, kind, hash, hint, created_at)
    SELECT k.id, c.id, c.tenant_id, k.kind, k.hash, k.hint, $2::timestamptz
    FROM first_client c,
         (VALUES ($12, 'publishable', $13::bytea, $14), ($15, 'secret', $16::bytea, $17)) k (id, kind, hash, hint)),
first_signing_key AS (
    UPDATE signing_key s SET published_at = $2::timestamptz, signs_at = $2::timestamptz
    FROM claimed WHERE s.tenant_id = claimed.id),
log AS (
    INSERT INTO audit (id, at, actor_type, actor_id, event, tenant_id, target_id, after, address, request_id)
    SELECT $1, $2::timestamptz, CASE WHEN $3::text IS NULL THEN 'system' ELSE 'operator' END, $3, 'tenant.created', id, id,
           jsonb_build_object('slug', slug, 'name', name, 'environment', environment, 'policy', policy), $4, $5
    FROM claimed)
SELECT id, slug, name, environment, status, issuer, policy, revision, created_at, updated_at FROM claimed;

-- $6 tenant, $7 name or NULL (as it was), $8 policy or NULL, $9 revision that must still be the tenant's, or NULL.
-- Found but not changed: the revision differs.
-- name: tenant_update
WITH target AS (
    SELECT id, name, policy, revision FROM tenant
    WHERE (id = $6 OR slug = $6) AND slug IS NOT NULL AND status <> 'deleted'),
changed AS (
    UPDATE tenant t
    SET name = COALESCE($7, t.name), policy = COALESCE($8::jsonb, t.policy),
        revision = (SELECT revision + 1 FROM feed_head), updated_at = $2::timestamptz
    FROM target WHERE t.id = target.id AND ($9::bigint IS NULL OR target.revision = $9::bigint)
    RETURNING t.*),
log AS (
    INSERT INTO audit (id, at, actor_type, actor_id, event, tenant_id, target_id, before, after, address, request_id)
    SELECT $1, $2::timestamptz, CASE WHEN $3::text IS NULL THEN 'system' ELSE 'operator' END, $3, 'tenant.updated', b.id, b.id,
           jsonb_build_object('name', b.name, 'policy', b.policy), jsonb_build_object('name', a.name, 'policy', a.policy),
           $4, $5
    FROM target b JOIN changed a USING (id))
SELECT c.id, c.slug, c.name, c.environment, c.status, c.issuer, c.policy, c.revision, c.created_at, c.updated_at
FROM target LEFT JOIN changed c USING (id);

-- $6 tenant, $7 statuses it may be in, comma-separated, $8 new status, $9 event, $10 keep the database (of a deleted one).
-- Found but not changed: the status does not allow it.
-- name: tenant_set_status
WITH target AS (
    SELECT id, status FROM tenant
    WHERE (id = $6 OR slug = $6) AND slug IS NOT NULL AND status <> 'deleted'),
changed AS (
    UPDATE tenant t
    SET status = $8, revision = (SELECT revision + 1 FROM feed_head), updated_at = $2::timestamptz,
        deleted_at = CASE WHEN $8 = 'deleted' THEN $2::timestamptz END, keep_database = $10::boolean
    FROM target WHERE t.id = target.id AND target.status = ANY (string_to_array($7, ','))
    RETURNING t.*),
log AS (
    INSERT INTO audit (id, at, actor_type, actor_id, event, tenant_id, target_id, before, after, address, request_id)
    SELECT $1, $2::timestamptz, CASE WHEN $3::text IS NULL THEN 'system' ELSE 'operator' END, $3, $9, b.id, b.id,
           jsonb_build_object('status', b.status), jsonb_build_object('status', a.status), $4, $5
    FROM target b JOIN changed a USING (id))
SELECT c.id, c.slug, c.name, c.environment, c.status, c.issuer, c.policy, c.revision, c.created_at, c.updated_at
FROM target LEFT JOIN changed c USING (id);
