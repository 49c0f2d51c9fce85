-- One user and one session per pgbench client (0 to 63) in a migrated tenant database, for refresh.sql.
INSERT INTO app_user (id, status, email, email_key, created_at, updated_at)
SELECT 'usr_bench_' || n, 'active', n || '@bench.test', n || '@bench.test', now(), now() FROM generate_series(0, 63) n
ON CONFLICT DO NOTHING;
DELETE FROM session WHERE id LIKE 'ses\_bench\_%';
INSERT INTO session (id, user_id, client_id, created_at, rotated_at, amr)
SELECT 'ses_bench_' || n, 'usr_bench_' || n, 'cli_bench', now(), now(), 'pwd' FROM generate_series(0, 63) n;
VACUUM ANALYZE session;
