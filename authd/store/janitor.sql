-- SPDX-License-Identifier: Apache-2.0
--
-- What the janitor removes, 500 rows a statement so that nobody waits for it. $1 is the time before which a row is old.

-- The next tenant to sweep; taking it sets the time of its next turn, so two nodes share the work and a crash costs one
-- turn.
-- $1 now, $2 next turn
-- name: janitor_claim
UPDATE tenant SET sweep_due_at = $2::timestamptz
WHERE id = (SELECT id FROM tenant
            WHERE status IN ('active', 'suspended') AND sweep_due_at <= $1::timestamptz
            ORDER BY sweep_due_at LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id;

-- A sweep that did not get to the end is taken up again soon.
-- $1 tenant, $2 next turn
-- name: janitor_again
UPDATE tenant SET sweep_due_at = $2::timestamptz WHERE id = $1;

-- In a tenant's database. A session that ended was created before, so the index on created_at serves.

-- name: janitor_sessions_ended
DELETE FROM session
WHERE id IN (SELECT id FROM session WHERE created_at < $1::timestamptz AND ended_at < $1::timestamptz LIMIT 500);

-- name: janitor_sessions_expired
DELETE FROM session WHERE id IN (SELECT id FROM session WHERE created_at < $1::timestamptz LIMIT 500);

-- Below the hard stop only: an identifier that reached it stays disabled until somebody clears it.
-- name: janitor_attempts
DELETE FROM attempt
WHERE identifier IN (SELECT identifier FROM attempt WHERE last_at < $1::timestamptz AND failures < 100 LIMIT 500);

-- Ids are in order of time, so the oldest rows are found without an index on `at`. The same statement serves both
-- planes.
-- name: janitor_audit
DELETE FROM audit
WHERE id IN (SELECT oldest.id FROM (SELECT id, at FROM audit ORDER BY id LIMIT 500) oldest
             WHERE oldest.at < $1::timestamptz);

-- In the control database.

-- The newest row stays whatever its age.
-- name: janitor_changes
DELETE FROM change
WHERE revision IN (SELECT oldest.revision
                   FROM (SELECT revision, at FROM change ORDER BY revision LIMIT 500) oldest
                   WHERE oldest.at < $1::timestamptz)
  AND revision < (SELECT revision FROM feed_head);

-- name: janitor_client_keys
DELETE FROM client_key
WHERE id IN (SELECT id FROM client_key
             WHERE revoked_at < $1::timestamptz OR expires_at < $1::timestamptz LIMIT 500);

-- name: janitor_operator_keys
DELETE FROM operator_key
WHERE id IN (SELECT id FROM operator_key
             WHERE revoked_at < $1::timestamptz OR expires_at < $1::timestamptz LIMIT 500);

-- name: janitor_signing_keys
DELETE FROM signing_key
WHERE kid IN (SELECT kid FROM signing_key
              WHERE revoked_at < $1::timestamptz OR leaves_at < $1::timestamptz LIMIT 500);
