-- Sessions. Whether one has expired is computed from the tenant's policy of the moment and never stored.

-- name: session_open
-- After the right password: only if the user is still active and the password still the one that was verified ($13 = its
-- changed_at), for hashing took a while. Locking both rows makes the answer hold until commit: a password change or a ban
-- waits, or we see it. $14 amr, $15 identifier whose failures are forgotten, $16 a better hash or NULL; audited.
WITH live AS MATERIALIZED (
    SELECT u.id FROM app_user u JOIN password p ON p.user_id = u.id
     WHERE u.id = $6 AND u.status = 'active' AND p.changed_at = $13::timestamptz
       FOR NO KEY UPDATE OF u, p
), opened AS (
    INSERT INTO session (id, user_id, client_id, created_at, rotated_at, amr, user_agent, address)
    SELECT $7, live.id, $8, $2::timestamptz, $2::timestamptz, $14, $10, $9 FROM live
), cleared AS (
    UPDATE attempt SET failures = 0, locked_until = NULL FROM live WHERE identifier = $15::bytea
), rehashed AS (
    UPDATE password SET hash = $16 FROM live WHERE user_id = live.id AND $16::text IS NOT NULL
)
INSERT INTO audit (id, at, event, actor_type, actor_id, user_id, session_id, client_id, address, user_agent, request_id,
                   detail)
SELECT $1, $2::timestamptz, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12::jsonb FROM live;

-- name: session_trim
-- After session_open in the same transaction, whose lock on the user lets sign-ins trim one after the other: ends all but
-- the newest $13 of the other living sessions. Nothing when session_open did not open $7; audited when any ended.
WITH ended AS (
    UPDATE session SET ended_at = $2::timestamptz, end_reason = $12::jsonb ->> 'reason'
     WHERE ended_at IS NULL
       AND id IN (SELECT id FROM session WHERE user_id = $6 AND ended_at IS NULL AND id <> $7
                   ORDER BY created_at DESC, id DESC OFFSET $13::bigint)
       AND EXISTS (SELECT FROM session WHERE id = $7)
    RETURNING id
)
INSERT INTO audit (id, at, event, actor_type, actor_id, user_id, session_id, client_id, address, user_agent, request_id,
                   detail)
SELECT $1, $2::timestamptz, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12::jsonb || jsonb_build_object('sessions', count(*))
  FROM ended HAVING count(*) > 0;

-- name: session_read
-- Session $1 of user $2, and the user.
SELECT s.id, s.user_id, s.client_id, s.created_at, s.rotated_at, s.previous_rotated_at, s.generation, s.ended_at, s.amr,
       u.id, u.status, u.email, u.email_verified, u.name, u.public_metadata, u.created_at, u.updated_at
  FROM session s JOIN app_user u ON u.id = s.user_id
 WHERE s.id = $1 AND s.user_id = $2;

-- name: session_refresh
-- For lists of equal length, each session once: advances session $1 if $2 is its generation and it lives: created after $3,
-- rotated after $4, of client $6, its user active. $5 is now; times are milliseconds. A row comes back as it is
-- afterwards, advanced or not: the conditions stand in SET and not in WHERE, because only there are they judged on the
-- newest row when calls race, and the loser still learns what it lost to. Rows are locked in the order of ids, so that
-- two calls with several sessions in common take turns.
WITH locked AS MATERIALIZED (
    SELECT id FROM session WHERE id = ANY (string_to_array($1, ',')) ORDER BY id FOR NO KEY UPDATE
)
UPDATE session s SET
    (generation, rotated_at, previous_rotated_at) = (
        SELECT CASE WHEN advances THEN s.generation + 1 ELSE s.generation END,
               CASE WHEN advances THEN to_timestamp(r.now / 1000.0) ELSE s.rotated_at END,
               CASE WHEN advances THEN s.rotated_at ELSE s.previous_rotated_at END
          FROM (SELECT s.generation = r.generation AND s.ended_at IS NULL AND s.client_id = r.client
                       AND s.created_at > to_timestamp(r.created_after / 1000.0)
                       AND s.rotated_at > to_timestamp(r.rotated_after / 1000.0)
                       AND u.status = 'active') AS judged (advances))
  FROM locked
  JOIN unnest(string_to_array($1, ','), string_to_array($2, ',')::bigint[], string_to_array($3, ',')::bigint[],
              string_to_array($4, ',')::bigint[], string_to_array($5, ',')::bigint[], string_to_array($6, ','))
       AS r (id, generation, created_after, rotated_after, now, client) USING (id),
       app_user u
 WHERE s.id = locked.id AND u.id = s.user_id
RETURNING s.id, s.user_id, s.client_id, s.created_at, s.rotated_at, s.previous_rotated_at, s.generation, s.ended_at, s.amr,
          u.id, u.status, u.email, u.email_verified, u.name, u.public_metadata, u.created_at, u.updated_at;

-- name: sessions_list
-- Living sessions of user $1 (created after $2, rotated after $3), newest first, those before (created_at $4, id $5);
-- at most $6.
SELECT id, user_id, client_id, created_at, rotated_at, previous_rotated_at, generation, ended_at, amr, user_agent, address
  FROM session
 WHERE user_id = $1 AND ended_at IS NULL AND created_at > $2::timestamptz AND rotated_at > $3::timestamptz
   AND (created_at, id) < (coalesce($4::timestamptz, 'infinity'), coalesce($5, ''))
 ORDER BY created_at DESC, id DESC
 LIMIT $6::bigint;

-- name: session_end
-- Session $7 of user $6; audited when it was alive.
WITH ended AS (
    UPDATE session SET ended_at = $2::timestamptz, end_reason = $12::jsonb ->> 'reason'
     WHERE id = $7 AND user_id = $6 AND ended_at IS NULL
    RETURNING id
)
INSERT INTO audit (id, at, event, actor_type, actor_id, user_id, session_id, client_id, address, user_agent, request_id,
                   detail)
SELECT $1, $2::timestamptz, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12::jsonb FROM ended;

-- name: sessions_end
-- Every living session of user $6 but $13 (NULL: every one); with $14 only if that is now the hash of the user's
-- password, for use behind password_change. Audited when any ended.
WITH ended AS (
    UPDATE session SET ended_at = $2::timestamptz, end_reason = $12::jsonb ->> 'reason'
     WHERE user_id = $6 AND ended_at IS NULL AND id IS DISTINCT FROM $13::text
       AND ($14::text IS NULL OR EXISTS (SELECT FROM password p WHERE p.user_id = $6 AND p.hash = $14::text))
    RETURNING id
)
INSERT INTO audit (id, at, event, actor_type, actor_id, user_id, session_id, client_id, address, user_agent, request_id,
                   detail)
SELECT $1, $2::timestamptz, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12::jsonb || jsonb_build_object('sessions', count(*))
  FROM ended HAVING count(*) > 0;
