-- A tenant's data plane: users, passwords, sessions, attempts, audit.
-- Runs with search_path = authd_data, as the owner role; the login roles have DML only.

CREATE TABLE app_user (
    id               text PRIMARY KEY,
    status           text NOT NULL CHECK (status IN ('active', 'disabled', 'banned')),
    email            text NOT NULL,        -- as typed
    email_key        text NOT NULL UNIQUE, -- the form that is unique
    email_verified   boolean NOT NULL DEFAULT false,
    name             text,
    public_metadata  jsonb NOT NULL DEFAULT '{}',
    created_at       timestamptz NOT NULL,
    updated_at       timestamptz NOT NULL
);

CREATE TABLE password (
    user_id      text PRIMARY KEY REFERENCES app_user (id) ON DELETE CASCADE,
    hash         text NOT NULL,
    changed_at   timestamptz NOT NULL      -- a new password, not a rehash
) WITH (fillfactor = 80);

-- One row decides refresh: see sessions.sql. No index on what refresh changes, so that its update stays on the page.
CREATE TABLE session (
    id                   text PRIMARY KEY,
    user_id              text NOT NULL REFERENCES app_user (id) ON DELETE CASCADE,
    client_id            text NOT NULL,
    created_at           timestamptz NOT NULL,
    rotated_at           timestamptz NOT NULL,
    previous_rotated_at  timestamptz,
    generation           bigint NOT NULL DEFAULT 0,
    ended_at             timestamptz,
    end_reason           text,
    amr                  text NOT NULL,
    user_agent           text,
    address              text
) WITH (fillfactor = 70);
CREATE INDEX session_by_user ON session (user_id, created_at);
CREATE INDEX session_created ON session (created_at);

-- Keyed by HMAC of what was typed, whether or not such a user exists.
CREATE TABLE attempt (
    identifier    bytea PRIMARY KEY CHECK (octet_length(identifier) = 32),
    failures      integer NOT NULL,
    locked_until  timestamptz,
    minute        timestamptz NOT NULL,    -- start of the running minute
    in_minute     integer NOT NULL,
    last_at       timestamptz NOT NULL
) WITH (fillfactor = 70);

CREATE TABLE audit (
    id          text PRIMARY KEY,
    at          timestamptz NOT NULL,
    event       text NOT NULL,             -- events.def
    actor_type  text NOT NULL,             -- user, client, system
    actor_id    text,
    user_id     text,
    session_id  text,
    client_id   text,
    address     text,
    user_agent  text,
    request_id  text,
    detail      jsonb
);
CREATE INDEX audit_user ON audit (user_id, id);
