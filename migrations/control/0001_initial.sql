-- The control plane: tenants, clients and their keys, signing keys, operators, audit, change feed.
-- Runs with search_path = authd_control. Secrets are sealed (bytea) or stored as SHA-256 of >= 128 random bits.

CREATE TABLE instance (
    only_row    boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    id          text NOT NULL,
    key_check   bytea NOT NULL,            -- a known text sealed under the root key: is it the right one?
    created_at  timestamptz NOT NULL
);

-- Writers take their revision here, one after the other, so that commit order is revision order and a reader that
-- has seen N has seen everything below N.
CREATE TABLE feed_head (
    only_row    boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    revision    bigint NOT NULL
);
INSERT INTO feed_head (revision) VALUES (0);

CREATE TABLE change (
    revision    bigint PRIMARY KEY,
    tenant_id   text,                      -- NULL: operators
    kind        text NOT NULL,             -- event name of events.def
    at          timestamptz NOT NULL
);

CREATE TABLE tenant (
    id              text PRIMARY KEY,
    slug            text UNIQUE,           -- NULL only for a spare; a deleted tenant keeps its slug for ever
    name            text NOT NULL DEFAULT '',
    environment     text NOT NULL DEFAULT 'live' CHECK (environment IN ('live', 'test', 'dev')),
    status          text NOT NULL CHECK (status IN ('spare', 'provisioning', 'active', 'suspended', 'deleted')),
    isolation       text NOT NULL DEFAULT 'database' CHECK (isolation IN ('database')),
    issuer          text,
    policy          jsonb NOT NULL DEFAULT '{}',
    wrapped_key     bytea,                 -- the tenant key under the root key; NULL once forgotten
    database_name   text NOT NULL UNIQUE,  -- opaque; owner and login roles are derived names stored beside it
    owner_role      text NOT NULL,
    login_roles     text[] NOT NULL,       -- two, used in turn
    active_role     smallint NOT NULL DEFAULT 1, -- index into login_roles, from 1
    sealed_passwords bytea NOT NULL,       -- both passwords, sealed under the tenant key
    provision_step  smallint NOT NULL DEFAULT 0, -- last finished step; see store/provision
    schema_version  integer NOT NULL DEFAULT 0,
    revision        bigint NOT NULL DEFAULT 0,
    keep_database   boolean NOT NULL DEFAULT false, -- of a deleted tenant
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    deleted_at      timestamptz,
    sweep_due_at    timestamptz NOT NULL,  -- the janitor's due-list
    CHECK (slug IS NOT NULL OR status = 'spare' OR status = 'provisioning')
);
CREATE INDEX tenant_sweep_due ON tenant (sweep_due_at) WHERE status IN ('active', 'suspended');
CREATE INDEX tenant_created ON tenant (created_at, id);
CREATE INDEX tenant_unfinished ON tenant (status) WHERE status IN ('spare', 'provisioning', 'deleted');

CREATE TABLE client (
    id          text PRIMARY KEY,
    tenant_id   text NOT NULL REFERENCES tenant (id),
    name        text NOT NULL,
    type        text NOT NULL CHECK (type IN ('web', 'spa', 'native', 'machine')),
    audience    text,
    revision    bigint NOT NULL,
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL,
    deleted_at  timestamptz
);
CREATE INDEX client_tenant ON client (tenant_id, created_at, id);

CREATE TABLE client_key (
    id           text PRIMARY KEY,
    client_id    text NOT NULL REFERENCES client (id),
    tenant_id    text NOT NULL REFERENCES tenant (id),
    kind         text NOT NULL CHECK (kind IN ('publishable', 'secret')),
    hash         bytea NOT NULL UNIQUE CHECK (octet_length(hash) = 32),
    hint         text NOT NULL,            -- prefix and last four characters
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz,
    revoked_at   timestamptz,
    last_used_at timestamptz
);
CREATE INDEX client_key_tenant ON client_key (tenant_id, client_id);

CREATE TABLE signing_key (
    kid            text PRIMARY KEY,
    tenant_id      text NOT NULL REFERENCES tenant (id),
    algorithm      text NOT NULL CHECK (algorithm IN ('EdDSA')),
    public_key     bytea NOT NULL CHECK (octet_length(public_key) = 32),
    sealed_secret  bytea NOT NULL,         -- under the tenant key
    published_at   timestamptz NOT NULL,
    signs_at       timestamptz NOT NULL,
    leaves_at      timestamptz,
    revoked_at     timestamptz,
    created_at     timestamptz NOT NULL
);
CREATE INDEX signing_key_tenant ON signing_key (tenant_id, signs_at);

CREATE TABLE operator (
    id          text PRIMARY KEY,
    name        text NOT NULL,
    role        text NOT NULL CHECK (role IN ('admin', 'reader')),
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL,
    deleted_at  timestamptz
);

CREATE TABLE operator_key (
    id           text PRIMARY KEY,
    operator_id  text NOT NULL REFERENCES operator (id),
    hash         bytea NOT NULL UNIQUE CHECK (octet_length(hash) = 32),
    hint         text NOT NULL,
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz,
    revoked_at   timestamptz,
    last_used_at timestamptz
);

CREATE TABLE audit (
    id          text PRIMARY KEY,
    at          timestamptz NOT NULL,
    actor_type  text NOT NULL,             -- operator, system
    actor_id    text,
    event       text NOT NULL,             -- events.def
    tenant_id   text,
    target_id   text,
    before      jsonb,                     -- never a secret
    after       jsonb,
    address     text,
    request_id  text
);
CREATE INDEX audit_at ON audit (id);
CREATE INDEX audit_tenant ON audit (tenant_id, id);
