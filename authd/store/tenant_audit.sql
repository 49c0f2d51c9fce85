-- The tenant's audit log. A statement that changes something and logs it takes the audit row as $1 to $12, in the order
-- of tenant_audit_params, and reads time, user, session, client, address and user agent of the change from there too:
--   $1 id  $2 at  $3 event  $4 actor_type  $5 actor_id  $6 user_id  $7 session_id  $8 client_id  $9 address
--   $10 user_agent  $11 request_id  $12 detail

-- name: tenant_audit_add
INSERT INTO audit (id, at, event, actor_type, actor_id, user_id, session_id, client_id, address, user_agent, request_id,
                   detail)
VALUES ($1, $2::timestamptz, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12::jsonb);
