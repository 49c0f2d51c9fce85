-- SPDX-License-Identifier: Apache-2.0

-- Only the first one: what it does not return was there before.
-- $1 id, $2 key check, $3 now
-- name: control_init_instance
INSERT INTO instance (id, key_check, created_at) VALUES ($1, $2::bytea, $3::timestamptz)
ON CONFLICT DO NOTHING
RETURNING id;
