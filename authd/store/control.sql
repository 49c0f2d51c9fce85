-- SPDX-License-Identifier: Apache-2.0
--
-- What every write to the control plane is wrapped in. A write is one batch, hence one transaction in one round trip:
-- control_lock, the statement itself, control_publish. The lock comes first, so that control writes happen one after the
-- other and the statement, whose snapshot is taken after it, sees all earlier ones: no rule about "the last" of anything
-- can be broken by a race, and the revision a row stores is the one that control_publish takes.
--
-- Parameters of every such statement: $1 id of its audit row, $2 now, $3 operator id (NULL: the system), $4 address,
-- $5 request id. A statement that changes nothing writes no audit row; then nothing is published.

-- name: control_lock
SELECT revision FROM feed_head FOR UPDATE;

-- name: control_publish
WITH entry AS (SELECT tenant_id, event, at FROM audit WHERE id = $1),
     head AS (UPDATE feed_head h SET revision = h.revision + 1 FROM entry RETURNING h.revision),
     feed AS (INSERT INTO change (revision, tenant_id, kind, at)
              SELECT head.revision, entry.tenant_id, entry.event, entry.at FROM head, entry)
SELECT head.revision, pg_notify('authd_change', head.revision::text) FROM head;
