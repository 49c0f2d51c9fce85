-- Users and their passwords.

-- name: guess_facts
-- Everything a guess is judged by, in the transaction of attempt_reserve: the attempts of identifier $1 and the user
-- with e-mail key $2. One row whether or not any of them exist.
SELECT a.failures, a.locked_until, a.minute, a.in_minute, p.hash, p.changed_at,
       u.id, u.status, u.email, u.email_verified, u.name, u.public_metadata, u.created_at, u.updated_at
  FROM (VALUES (1)) AS always
  LEFT JOIN attempt a ON a.identifier = $1::bytea
  LEFT JOIN app_user u ON u.email_key = $2
  LEFT JOIN password p ON p.user_id = u.id;

-- name: user_create
-- User, password and first session. $13 e-mail, $14 its key, $15 name, $16 metadata, $17 hash, $18 amr; audited.
WITH created AS (
    INSERT INTO app_user (id, status, email, email_key, name, public_metadata, created_at, updated_at)
    VALUES ($6, 'active', $13, $14, $15, $16::jsonb, $2::timestamptz, $2::timestamptz)
), secured AS (
    INSERT INTO password (user_id, hash, changed_at) VALUES ($6, $17, $2::timestamptz)
), opened AS (
    INSERT INTO session (id, user_id, client_id, created_at, rotated_at, amr, user_agent, address)
    VALUES ($7, $6, $8, $2::timestamptz, $2::timestamptz, $18, $10, $9)
)
INSERT INTO audit (id, at, event, actor_type, actor_id, user_id, session_id, client_id, address, user_agent, request_id,
                   detail)
VALUES ($1, $2::timestamptz, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12::jsonb);

-- name: user_update
-- $13 whether the name changes, to $14; $15 whether the metadata change, to $16; audited.
WITH changed AS (
    UPDATE app_user SET
        name = CASE WHEN $13::boolean THEN $14 ELSE name END,
        public_metadata = CASE WHEN $15::boolean THEN $16::jsonb ELSE public_metadata END,
        updated_at = $2::timestamptz
     WHERE id = $6 AND status = 'active'
    RETURNING id, status, email, email_verified, name, public_metadata, created_at, updated_at
), logged AS (
    INSERT INTO audit (id, at, event, actor_type, actor_id, user_id, session_id, client_id, address, user_agent,
                       request_id, detail)
    SELECT $1, $2::timestamptz, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12::jsonb FROM changed
)
SELECT id, status, email, email_verified, name, public_metadata, created_at, updated_at FROM changed;

-- name: password_change
-- Only while the session lives, the user is active and the password is the one that was verified ($13 = its changed_at):
-- both rows are locked, so a sign-in with the old password either finished before or finds it gone. $14 new hash,
-- $15 identifier whose failures are forgotten; audited. changed_at always grows: it is what session_open compares.
WITH live AS MATERIALIZED (
    SELECT u.id FROM app_user u JOIN password p ON p.user_id = u.id
     WHERE u.id = $6 AND u.status = 'active' AND p.changed_at = $13::timestamptz
       AND EXISTS (SELECT FROM session s WHERE s.id = $7 AND s.ended_at IS NULL)
       FOR NO KEY UPDATE OF u, p
), changed AS (
    UPDATE password SET hash = $14, changed_at = greatest($2::timestamptz, changed_at + interval '1 millisecond')
      FROM live WHERE user_id = live.id
), cleared AS (
    UPDATE attempt SET failures = 0, locked_until = NULL FROM live WHERE identifier = $15::bytea
)
INSERT INTO audit (id, at, event, actor_type, actor_id, user_id, session_id, client_id, address, user_agent, request_id,
                   detail)
SELECT $1, $2::timestamptz, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12::jsonb FROM live;
