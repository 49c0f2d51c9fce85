-- SPDX-License-Identifier: Apache-2.0
--
-- Signing keys of tenants. A key's place in its life follows from its times; see domain/tenant.h.

-- $1 tenant, $2 id after which the page starts or NULL, $3 rows, $4 now
-- name: signing_key_list
SELECT k.kid, k.algorithm, k.published_at, k.signs_at, k.leaves_at, k.revoked_at,
       (k.kid = (SELECT s.kid FROM signing_key s
                WHERE s.tenant_id = $1 AND s.revoked_at IS NULL AND s.signs_at <= $4::timestamptz
                ORDER BY s.signs_at DESC, s.kid DESC LIMIT 1)) IS TRUE
FROM signing_key k
WHERE k.tenant_id = $1 AND ($2::text IS NULL OR k.kid < $2)
ORDER BY k.kid DESC
LIMIT $3::bigint;

-- What making a new key takes: the wrapped tenant key, and the newest key so that two nodes do not rotate twice.
-- $1 tenant
-- name: signing_key_context
SELECT t.wrapped_key,
       (SELECT s.kid FROM signing_key s WHERE s.tenant_id = t.id AND s.revoked_at IS NULL ORDER BY s.signs_at DESC, s.kid DESC LIMIT 1)
FROM tenant t
WHERE t.id = $1 AND t.status IN ('provisioning', 'active', 'suspended');

-- $6 tenant, $7 kid, $8 public key, $9 sealed secret key, $10 signs at, $11 when the others leave the JWKS (NULL: they
-- are revoked now), $12 kid that must still be the newest, or NULL, $13 event
-- name: signing_key_rotate
WITH target AS (
    SELECT t.id FROM tenant t
    WHERE t.id = $6 AND t.status IN ('provisioning', 'active', 'suspended')
      AND ($12::text IS NULL OR $12 = (
          SELECT s.kid FROM signing_key s
          WHERE s.tenant_id = t.id AND s.revoked_at IS NULL ORDER BY s.signs_at DESC, s.kid DESC LIMIT 1))),
old AS (
    UPDATE signing_key s
    SET leaves_at = COALESCE(s.leaves_at, $11::timestamptz),
        revoked_at = CASE WHEN $11::timestamptz IS NULL THEN $2::timestamptz END
    FROM target WHERE s.tenant_id = target.id AND s.revoked_at IS NULL
    RETURNING s.kid),
made AS (
    INSERT INTO signing_key (kid, tenant_id, algorithm, public_key, sealed_secret, published_at, signs_at, created_at)
    SELECT $7, target.id, 'EdDSA', $8::bytea, $9::bytea, $2::timestamptz, $10::timestamptz, $2::timestamptz FROM target
    RETURNING *),
log AS (
    INSERT INTO audit (id, at, actor_type, actor_id, event, tenant_id, target_id, before, after, address, request_id)
    SELECT $1, $2::timestamptz, CASE WHEN $3::text IS NULL THEN 'system' ELSE 'operator' END, $3, $13,
           made.tenant_id, made.kid, jsonb_build_object('kids', (SELECT jsonb_agg(kid ORDER BY kid) FROM old)),
           jsonb_build_object('kid', made.kid, 'signs_at', made.signs_at), $4, $5
    FROM made)
SELECT kid, algorithm, published_at, signs_at, leaves_at, revoked_at, signs_at <= $2::timestamptz FROM made;

-- Tenants whose newest key is older than $1.
-- name: signing_key_aged
SELECT t.id
FROM tenant t
WHERE t.status IN ('active', 'suspended')
  AND NOT EXISTS (SELECT 1 FROM signing_key s
                  WHERE s.tenant_id = t.id AND s.revoked_at IS NULL AND s.signs_at > $1::timestamptz)
ORDER BY t.id
LIMIT 100;
