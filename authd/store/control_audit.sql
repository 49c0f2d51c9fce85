-- SPDX-License-Identifier: Apache-2.0
--
-- Reading the control plane's audit log, newest first. A deleted tenant's entries stay readable under its name.

-- $1 tenant or NULL, $2 event or NULL, $3 since and $4 until (NULL: open), $5 id after which the page starts or NULL,
-- $6 rows
-- name: control_audit_list
SELECT a.id, a.at, a.actor_type, a.actor_id, a.event, a.tenant_id, a.target_id, a.before, a.after, a.address, a.request_id
FROM audit a
WHERE ($1::text IS NULL OR a.tenant_id = (SELECT t.id FROM tenant t WHERE t.id = $1 OR t.slug = $1))
  AND ($2::text IS NULL OR a.event = $2)
  AND ($3::timestamptz IS NULL OR a.at >= $3::timestamptz)
  AND ($4::timestamptz IS NULL OR a.at < $4::timestamptz)
  AND ($5::text IS NULL OR a.id < $5)
ORDER BY a.id DESC
LIMIT $6::bigint;
