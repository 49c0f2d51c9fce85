-- Statements that only the tests of the storage floor run; compiled into their own copy of the table.

-- name: test_echo
SELECT $1::text, $2::bigint, $3::boolean, $4::timestamptz, $5::bytea, $6::jsonb;

-- name: test_insert
INSERT INTO app_user (id, status, email, email_key, created_at, updated_at)
VALUES ($1, 'active', $2, $2, now(), now());

-- name: test_count
SELECT count(*) FROM app_user;

-- name: test_rename
UPDATE app_user SET name = $2 WHERE id = $1 RETURNING name;

-- name: test_sleep
SELECT 1::bigint FROM pg_sleep($1::bigint / 1000.0);

-- name: test_pid
SELECT pg_backend_pid();

-- name: test_settings
SELECT current_setting('statement_timeout'), current_setting('lock_timeout'),
       current_setting('idle_in_transaction_session_timeout'), current_setting('application_name'),
       current_setting('search_path'), current_user::text;

-- name: test_die
SELECT pg_terminate_backend(pg_backend_pid());

-- name: test_divide
SELECT 1 / $1::bigint;

-- name: test_no_table
SELECT 1::bigint FROM not_there;

-- name: test_prepared
SELECT count(*) FROM pg_prepared_statements WHERE name = $1;

-- name: test_star
SELECT * FROM password;
