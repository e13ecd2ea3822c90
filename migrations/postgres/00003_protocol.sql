-- +goose Up

-- what clients ask for beside a login
ALTER TABLE clients ADD COLUMN require_pushed BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE clients ADD COLUMN dpop_bound BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE clients ADD COLUMN resources TEXT NOT NULL DEFAULT 'null';
ALTER TABLE clients ADD COLUMN introspects TEXT NOT NULL DEFAULT 'null';
ALTER TABLE clients ADD COLUMN subject_type TEXT NOT NULL DEFAULT 'public';
-- what makes a person's pairwise subjects, sealed; NULL for clients with public ones
ALTER TABLE clients ADD COLUMN pairwise_salt BYTEA;

ALTER TABLE authorization_requests ADD COLUMN claims_in_userinfo TEXT NOT NULL DEFAULT 'null';
ALTER TABLE authorization_requests ADD COLUMN resource TEXT NOT NULL DEFAULT '';
ALTER TABLE authorization_requests ADD COLUMN dpop_jkt TEXT NOT NULL DEFAULT '';
-- what is burned when the request is answered: the SHA-256 of a pushed request; the id of a device's
ALTER TABLE authorization_requests ADD COLUMN pushed_hash TEXT NOT NULL DEFAULT '';
ALTER TABLE authorization_requests ADD COLUMN device_id TEXT NOT NULL DEFAULT '';

ALTER TABLE grants ADD COLUMN claims_in_userinfo TEXT NOT NULL DEFAULT 'null';
ALTER TABLE grants ADD COLUMN resource TEXT NOT NULL DEFAULT '';

-- the thumbprint of the key a code or a token is bound to (RFC 9449); empty: none
ALTER TABLE codes ADD COLUMN dpop_jkt TEXT NOT NULL DEFAULT '';
ALTER TABLE refresh_tokens ADD COLUMN dpop_jkt TEXT NOT NULL DEFAULT '';
ALTER TABLE access_tokens ADD COLUMN dpop_jkt TEXT NOT NULL DEFAULT '';
ALTER TABLE access_tokens ADD COLUMN resource TEXT NOT NULL DEFAULT '';

-- authorization requests that clients have pushed, by the SHA-256 of their URI (RFC 9126)
CREATE TABLE pushed_requests (
    hash TEXT PRIMARY KEY,
    client_id TEXT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    parameters TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    used_at TIMESTAMPTZ
);

CREATE INDEX pushed_requests_client_id ON pushed_requests (client_id);
CREATE INDEX pushed_requests_expires_at ON pushed_requests (expires_at);

-- by which subjects clients know people, where these are pairwise; the way back from a hint
CREATE TABLE pairwise_subjects (
    client_id TEXT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    subject TEXT NOT NULL,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    PRIMARY KEY (client_id, subject)
);

CREATE INDEX pairwise_subjects_user_id ON pairwise_subjects (user_id);

-- signed statements that count once: the jti of client assertions and of DPoP proofs, by SHA-256
CREATE TABLE spent_statements (
    hash TEXT PRIMARY KEY,
    expires_at TIMESTAMPTZ NOT NULL
);

CREATE INDEX spent_statements_expires_at ON spent_statements (expires_at);

-- devices that wait for somebody to type in their code elsewhere (RFC 8628)
CREATE TABLE device_requests (
    id TEXT PRIMARY KEY,
    device_hash TEXT NOT NULL UNIQUE,
    user_code_hash TEXT NOT NULL UNIQUE,
    client_id TEXT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    scopes TEXT NOT NULL,
    resource TEXT NOT NULL,
    account_name TEXT NOT NULL,
    account_id TEXT NOT NULL,
    interval_seconds BIGINT NOT NULL,
    polled_at TIMESTAMPTZ,
    grant_id TEXT NOT NULL,
    denied_at TIMESTAMPTZ,
    used_at TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL
);

CREATE INDEX device_requests_client_id ON device_requests (client_id);
CREATE INDEX device_requests_expires_at ON device_requests (expires_at);
