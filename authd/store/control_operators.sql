-- SPDX-License-Identifier: Apache-2.0
--
-- Operators and their keys. Somebody must be able to administer: what would leave no active key of an admin changes
-- nothing, and since control writes happen one after the other (see control.sql) two of them cannot do it together.

-- $1 operator
-- name: operator_get
SELECT id, name, role, created_at, updated_at FROM operator WHERE id = $1 AND deleted_at IS NULL;

-- $1 id after which the page starts or NULL, $2 rows
-- name: operator_list
SELECT id, name, role, created_at, updated_at FROM operator
WHERE deleted_at IS NULL AND ($1::text IS NULL OR id < $1)
ORDER BY id DESC
LIMIT $2::bigint;

-- $6 id, $7 name, $8 role, $9 to $11 first key's id, hash, hint
-- name: operator_create
WITH made AS (
    INSERT INTO operator (id, name, role, created_at, updated_at)
    VALUES ($6, $7, $8, $2::timestamptz, $2::timestamptz)
    RETURNING *),
first_key AS (
    INSERT INTO operator_key (id, operator_id, hash, hint, created_at)
    SELECT $9, id, $10::bytea, $11, created_at FROM made),
log AS (
    INSERT INTO audit (id, at, actor_type, actor_id, event, target_id, after, address, request_id)
    SELECT $1, $2::timestamptz, CASE WHEN $3::text IS NULL THEN 'system' ELSE 'operator' END, $3, 'operator.created',
           id, jsonb_build_object('name', name, 'role', role), $4, $5
    FROM made)
SELECT id, name, role, created_at, updated_at FROM made;

-- $6 operator, $7 name or NULL (as it was), $8 role or NULL. Found but not changed: it is the last admin.
-- name: operator_update
WITH target AS (SELECT * FROM operator WHERE id = $6 AND deleted_at IS NULL),
changed AS (
    UPDATE operator o SET name = COALESCE($7, o.name), role = COALESCE($8, o.role), updated_at = $2::timestamptz
    FROM target
    WHERE o.id = target.id
      AND (target.role <> 'admin' OR COALESCE($8, 'admin') = 'admin' OR EXISTS (
          SELECT 1 FROM operator other JOIN operator_key k ON k.operator_id = other.id
          WHERE other.id <> target.id AND other.role = 'admin' AND other.deleted_at IS NULL
            AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > $2::timestamptz)))
    RETURNING o.*),
log AS (
    INSERT INTO audit (id, at, actor_type, actor_id, event, target_id, before, after, address, request_id)
    SELECT $1, $2::timestamptz, CASE WHEN $3::text IS NULL THEN 'system' ELSE 'operator' END, $3, 'operator.updated',
           b.id, jsonb_build_object('name', b.name, 'role', b.role), jsonb_build_object('name', a.name, 'role', a.role),
           $4, $5
    FROM target b JOIN changed a USING (id))
SELECT c.id, c.name, c.role, c.created_at, c.updated_at FROM target LEFT JOIN changed c USING (id);

-- $6 operator. Found but not changed: it is the last admin.
-- name: operator_delete
WITH target AS (SELECT * FROM operator WHERE id = $6 AND deleted_at IS NULL),
gone AS (
    UPDATE operator o SET deleted_at = $2::timestamptz, updated_at = $2::timestamptz
    FROM target
    WHERE o.id = target.id
      AND (target.role <> 'admin' OR EXISTS (
          SELECT 1 FROM operator other JOIN operator_key k ON k.operator_id = other.id
          WHERE other.id <> target.id AND other.role = 'admin' AND other.deleted_at IS NULL
            AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > $2::timestamptz)))
    RETURNING o.*),
keys AS (
    UPDATE operator_key k SET revoked_at = $2::timestamptz FROM gone
    WHERE k.operator_id = gone.id AND k.revoked_at IS NULL),
log AS (
    INSERT INTO audit (id, at, actor_type, actor_id, event, target_id, before, address, request_id)
    SELECT $1, $2::timestamptz, CASE WHEN $3::text IS NULL THEN 'system' ELSE 'operator' END, $3, 'operator.deleted',
           id, jsonb_build_object('name', name, 'role', role), $4, $5
    FROM gone)
SELECT gone.id FROM target LEFT JOIN gone USING (id);

-- $1 operator, $2 id after which the page starts or NULL, $3 rows
-- name: operator_key_list
SELECT k.id, k.hint, k.created_at, k.expires_at, k.revoked_at, k.last_used_at
FROM operator_key k
WHERE k.operator_id = $1 AND ($2::text IS NULL OR k.id < $2)
ORDER BY k.id DESC
LIMIT $3::bigint;

-- $6 operator, $7 id, $8 hash, $9 hint
-- name: operator_key_create
WITH owner AS (SELECT id FROM operator WHERE id = $6 AND deleted_at IS NULL),
made AS (
    INSERT INTO operator_key (id, operator_id, hash, hint, created_at)
    SELECT $7, owner.id, $8::bytea, $9, $2::timestamptz FROM owner
    RETURNING *),
log AS (
    INSERT INTO audit (id, at, actor_type, actor_id, event, target_id, after, address, request_id)
    SELECT $1, $2::timestamptz, CASE WHEN $3::text IS NULL THEN 'system' ELSE 'operator' END, $3, 'operator.key_created',
           id, jsonb_build_object('operator', operator_id, 'hint', hint), $4, $5
    FROM made)
SELECT id, hint, created_at, expires_at, revoked_at, last_used_at FROM made;

-- Revoking twice is no second change. Not allowed: it is the last active key of an admin.
-- $6 operator, $7 key
-- name: operator_key_revoke
WITH target AS (
    SELECT k.*, o.role FROM operator_key k JOIN operator o ON o.id = k.operator_id
    WHERE k.operator_id = $6 AND k.id = $7 AND o.deleted_at IS NULL),
changed AS (
    UPDATE operator_key k SET revoked_at = $2::timestamptz
    FROM target
    WHERE k.id = target.id AND target.revoked_at IS NULL
      AND (target.role <> 'admin' OR EXISTS (
          SELECT 1 FROM operator_key other JOIN operator o ON o.id = other.operator_id
          WHERE other.id <> target.id AND o.role = 'admin' AND o.deleted_at IS NULL
            AND other.revoked_at IS NULL AND (other.expires_at IS NULL OR other.expires_at > $2::timestamptz)))
    RETURNING k.*),
log AS (
    INSERT INTO audit (id, at, actor_type, actor_id, event, target_id, before, address, request_id)
    SELECT $1, $2::timestamptz, CASE WHEN $3::text IS NULL THEN 'system' ELSE 'operator' END, $3, 'operator.key_revoked',
           id, jsonb_build_object('operator', operator_id, 'hint', hint), $4, $5
    FROM changed)
SELECT target.revoked_at IS NOT NULL OR changed.id IS NOT NULL FROM target LEFT JOIN changed USING (id);
