-- The floor under POST /v1/auth/token/refresh: what session_refresh of authd/store/sessions.sql does to one session
-- (the server merges refreshes that meet into lists), each pgbench client rotating its own session, the generation of one answer (r_generation) presented by the next call.
--   pgbench -n -M prepared -c 8 -j 2 -T 10 -D r_generation=0 -f refresh.sql
UPDATE session s SET
    (generation, rotated_at, previous_rotated_at) = (
        SELECT CASE WHEN advances THEN s.generation + 1 ELSE s.generation END,
               CASE WHEN advances THEN now() ELSE s.rotated_at END,
               CASE WHEN advances THEN s.rotated_at ELSE s.previous_rotated_at END
          FROM (SELECT s.generation = :r_generation::bigint AND s.ended_at IS NULL AND s.client_id = 'cli_bench'
                       AND s.created_at > timestamptz '2000-01-01' AND s.rotated_at > timestamptz '2000-01-01'
                       AND u.status = 'active') AS judged (advances))
  FROM app_user u
 WHERE s.id = 'ses_bench_' || :client_id AND u.id = s.user_id
RETURNING s.id, s.user_id, s.client_id, s.created_at, s.rotated_at, s.previous_rotated_at, s.generation, s.ended_at, s.amr,
          u.id, u.status, u.email, u.email_verified, u.name, u.public_metadata, u.created_at, u.updated_at \gset r_
