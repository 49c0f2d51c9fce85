-- What a node reads to know its tenants, and what it writes back about keys. $1 of the load statements is a
-- comma-separated list of tenant ids, NULL for all; they sort alike (COLLATE "C") because the reader merges them.

-- name: control_instance
SELECT id, key_check FROM instance;

-- The tenants' connections share the server's slots with everybody else; 80 % of what is free now.
-- name: control_free_slots
SELECT (current_setting('max_connections')::bigint
        - current_setting('superuser_reserved_connections')::bigint
        - (SELECT count(*) FROM pg_stat_get_activity(NULL) WHERE backend_type = 'client backend')) * 4 / 5;

-- name: control_head
SELECT revision FROM feed_head;

-- name: control_changes
-- A head below $1, after the control database was put back to an earlier state, comes as a row out of step.
SELECT revision, tenant_id FROM change WHERE revision > $1::bigint
UNION ALL
SELECT revision, NULL FROM feed_head WHERE revision < $1::bigint
ORDER BY revision LIMIT 1000;

-- name: control_load_tenants
SELECT id, slug, name, environment, status, issuer, policy, wrapped_key, database_name,
       login_roles[active_role] AS login_role, active_role, sealed_passwords, revision
FROM tenant
WHERE status IN ('active', 'suspended') AND wrapped_key IS NOT NULL
  AND ($1::text IS NULL OR id = ANY (string_to_array($1::text, ',')))
ORDER BY id COLLATE "C";

-- name: control_load_clients
SELECT tenant_id, id, name, audience
FROM client
WHERE deleted_at IS NULL
  AND ($1::text IS NULL OR tenant_id = ANY (string_to_array($1::text, ',')))
ORDER BY tenant_id COLLATE "C", created_at, id;

-- name: control_load_client_keys
SELECT tenant_id, id, client_id, kind, hash, expires_at
FROM client_key
WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2::timestamptz)
  AND ($1::text IS NULL OR tenant_id = ANY (string_to_array($1::text, ',')))
ORDER BY tenant_id COLLATE "C";

-- name: control_load_signing_keys
SELECT tenant_id, kid, public_key, sealed_secret, published_at, signs_at, leaves_at
FROM signing_key
WHERE revoked_at IS NULL AND (leaves_at IS NULL OR leaves_at > $2::timestamptz)
  AND ($1::text IS NULL OR tenant_id = ANY (string_to_array($1::text, ',')))
ORDER BY tenant_id COLLATE "C", signs_at DESC, kid DESC;

-- name: control_load_operator_keys
SELECT k.id, k.hash, k.expires_at, o.id AS operator_id, o.name, o.role
FROM operator_key k JOIN operator o ON o.id = k.operator_id
WHERE k.revoked_at IS NULL AND o.deleted_at IS NULL
  AND (k.expires_at IS NULL OR k.expires_at > $1::timestamptz);

-- Ids and milliseconds as two comma-separated lists of equal length, ids ascending so that two nodes lock in one order.
-- name: control_client_keys_used
UPDATE client_key k
SET last_used_at = greatest(k.last_used_at, to_timestamp(u.ms / 1000.0))
FROM unnest(string_to_array($1::text, ','), string_to_array($2::text, ',')::bigint[]) AS u (id, ms)
WHERE k.id = u.id;

-- name: control_operator_keys_used
UPDATE operator_key k
SET last_used_at = greatest(k.last_used_at, to_timestamp(u.ms / 1000.0))
FROM unnest(string_to_array($1::text, ','), string_to_array($2::text, ',')::bigint[]) AS u (id, ms)
WHERE k.id = u.id;
