-- Guesses at an identifier's password, counted whether or not such a user exists.

-- name: attempt_reserve
-- Counts a guess at $1 made at $2 before the password is looked at; no row comes back when the identifier waits, has
-- used up all guesses ($7) or this minute's ($5, 0 = no limit), and then nothing is counted. $3 failures impose the first
-- wait, of a second, which doubles up to $4 ms (lockout_wait_ms in C); $6 is the end of a first failure's own wait.
-- Does not wait for the disk: every answer to the guess follows a commit that does, and the log is flushed in order.
INSERT INTO attempt AS a (identifier, failures, locked_until, minute, in_minute, last_at)
VALUES ($1::bytea, 1, $6::timestamptz, $2::timestamptz, 1, $2::timestamptz)
ON CONFLICT (identifier) DO UPDATE SET
    failures = a.failures + 1,
    locked_until = CASE WHEN a.failures + 1 >= $3::bigint
        THEN $2::timestamptz
             + least(1000 * 2::float8 ^ least(a.failures + 1 - $3::bigint, 32), $4::bigint) * interval '1 millisecond'
        END,
    minute = CASE WHEN a.minute <= $2::timestamptz - interval '1 minute' THEN $2::timestamptz ELSE a.minute END,
    in_minute = CASE WHEN a.minute <= $2::timestamptz - interval '1 minute' THEN 1 ELSE a.in_minute + 1 END,
    last_at = $2::timestamptz
WHERE a.failures < $7::bigint
  AND (a.locked_until IS NULL OR a.locked_until <= $2::timestamptz)
  AND ($5::bigint = 0 OR a.in_minute < $5::bigint OR a.minute <= $2::timestamptz - interval '1 minute')
RETURNING a.failures, set_config('synchronous_commit', 'off', true);

-- name: attempt_give_back
-- The guess was counted but never looked at. $2 is the wait it imposed, NULL when none.
UPDATE attempt SET
    failures = greatest(failures - 1, 0),
    locked_until = CASE WHEN locked_until IS DISTINCT FROM $2::timestamptz THEN locked_until END
WHERE identifier = $1::bytea;

-- name: attempt_read
-- What is known of identifier $1; counts nothing.
SELECT failures, locked_until FROM attempt WHERE identifier = $1::bytea;

-- name: attempt_clear
-- Recovery from the hard stop. $13 identifier, $14 the e-mail's key; audited.
WITH cleared AS (
    DELETE FROM attempt WHERE identifier = $13::bytea
)
INSERT INTO audit (id, at, event, actor_type, actor_id, user_id, session_id, client_id, address, user_agent, request_id,
                   detail)
VALUES ($1, $2::timestamptz, $3, $4, $5,
        coalesce($6, (SELECT id FROM app_user WHERE email_key = $14)), $7, $8, $9, $10, $11, $12::jsonb);
