-- +goose Up

-- people
CREATE TABLE users (
    id TEXT PRIMARY KEY,
    email TEXT NOT NULL UNIQUE,
    email_verified BOOLEAN NOT NULL,
    name TEXT NOT NULL,
    given_name TEXT NOT NULL,
    family_name TEXT NOT NULL,
    locale TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    second_factor BOOLEAN NOT NULL,
    epoch BIGINT NOT NULL,
    disabled_at TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);

-- tenants and their two-factor policy
CREATE TABLE accounts (
    id TEXT PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    two_factor TEXT NOT NULL,
    switching TEXT NOT NULL,
    reset_policy TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);

-- who belongs where
CREATE TABLE memberships (
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    role TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (user_id, account_id)
);

CREATE INDEX memberships_account_id ON memberships (account_id);

-- TOTP secrets, sealed
CREATE TABLE authenticators (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    secret BYTEA NOT NULL,
    last_step BIGINT NOT NULL,
    confirmed_at TIMESTAMPTZ,
    disabled_at TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL
);

CREATE INDEX authenticators_user_id ON authenticators (user_id);

-- emailed links to the QR screen; only the SHA-256 of the link is kept
CREATE TABLE enrollments (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    token_hash TEXT NOT NULL UNIQUE,
    authenticator_id TEXT NOT NULL,
    browser_hash TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    superseded_at TIMESTAMPTZ,
    revealed_at TIMESTAMPTZ,
    confirmed_at TIMESTAMPTZ
);

CREATE INDEX enrollments_user_id ON enrollments (user_id);
CREATE INDEX enrollments_account_id ON enrollments (account_id);
CREATE INDEX enrollments_authenticator_id ON enrollments (authenticator_id);
CREATE INDEX enrollments_expires_at ON enrollments (expires_at);

-- browsers in which somebody has logged in, and what was proven there
CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    token_hash TEXT NOT NULL UNIQUE,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    epoch BIGINT NOT NULL,
    proofs TEXT NOT NULL,
    remember BOOLEAN NOT NULL,
    address TEXT NOT NULL,
    user_agent TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    seen_at TIMESTAMPTZ NOT NULL,
    ended_at TIMESTAMPTZ
);

CREATE INDEX sessions_user_id ON sessions (user_id);
CREATE INDEX sessions_seen_at ON sessions (seen_at);

-- accounts entered in a session; id is the sid of tokens
CREATE TABLE session_entries (
    id TEXT PRIMARY KEY,
    session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    entered_at TIMESTAMPTZ NOT NULL,
    ended_at TIMESTAMPTZ
);

CREATE INDEX session_entries_session_id ON session_entries (session_id);
CREATE INDEX session_entries_account_id ON session_entries (account_id);
-- one live entry per account and session
CREATE UNIQUE INDEX session_entries_live ON session_entries (session_id, account_id) WHERE ended_at IS NULL;

-- relying applications
CREATE TABLE clients (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    secrets TEXT NOT NULL,
    auth_method TEXT NOT NULL,
    jwks TEXT NOT NULL,
    redirect_uris TEXT NOT NULL,
    post_logout_uris TEXT NOT NULL,
    backchannel_uri TEXT NOT NULL,
    initiate_login_uri TEXT NOT NULL,
    grants TEXT NOT NULL,
    pkce_optional BOOLEAN NOT NULL,
    access_token TEXT NOT NULL,
    id_token_alg TEXT NOT NULL,
    claims_in_id_token BOOLEAN NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);

-- logins under way, bound to the browser that started them
CREATE TABLE authorization_requests (
    id TEXT PRIMARY KEY,
    browser_hash TEXT NOT NULL,
    client_id TEXT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    redirect_uri TEXT NOT NULL,
    response_mode TEXT NOT NULL,
    scopes TEXT NOT NULL,
    state TEXT NOT NULL,
    nonce TEXT NOT NULL,
    code_challenge TEXT NOT NULL,
    login_hint TEXT NOT NULL,
    ui_locales TEXT NOT NULL,
    claims_in_id TEXT NOT NULL,
    wants TEXT NOT NULL,
    wrong_codes INTEGER NOT NULL,
    answered_at TIMESTAMPTZ,
    ended_at TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL
);

CREATE INDEX authorization_requests_client_id ON authorization_requests (client_id);
CREATE INDEX authorization_requests_expires_at ON authorization_requests (expires_at);

-- what a person gave a client for one account: evidence and token family
CREATE TABLE grants (
    id TEXT PRIMARY KEY,
    client_id TEXT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    session_id TEXT NOT NULL,
    entry_id TEXT NOT NULL,
    scopes TEXT NOT NULL,
    nonce TEXT NOT NULL,
    claims_in_id TEXT NOT NULL,
    proofs TEXT NOT NULL,
    epoch BIGINT NOT NULL,
    auth_time TIMESTAMPTZ NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    revoked_at TIMESTAMPTZ
);

CREATE INDEX grants_client_id ON grants (client_id);
CREATE INDEX grants_user_id ON grants (user_id);
CREATE INDEX grants_account_id ON grants (account_id);
CREATE INDEX grants_session_id ON grants (session_id);
CREATE INDEX grants_entry_id ON grants (entry_id);
CREATE INDEX grants_expires_at ON grants (expires_at);

-- authorization codes, by SHA-256
CREATE TABLE codes (
    hash TEXT PRIMARY KEY,
    grant_id TEXT NOT NULL REFERENCES grants (id) ON DELETE CASCADE,
    client_id TEXT NOT NULL,
    redirect_uri TEXT NOT NULL,
    code_challenge TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    used_at TIMESTAMPTZ
);

CREATE INDEX codes_grant_id ON codes (grant_id);
CREATE INDEX codes_expires_at ON codes (expires_at);

-- access tokens, by SHA-256; grant_id is empty for client credentials
CREATE TABLE access_tokens (
    hash TEXT PRIMARY KEY,
    grant_id TEXT NOT NULL,
    client_id TEXT NOT NULL,
    scopes TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    revoked_at TIMESTAMPTZ
);

CREATE INDEX access_tokens_grant_id ON access_tokens (grant_id) WHERE grant_id <> '';
CREATE INDEX access_tokens_expires_at ON access_tokens (expires_at);

-- refresh tokens, by SHA-256
CREATE TABLE refresh_tokens (
    hash TEXT PRIMARY KEY,
    grant_id TEXT NOT NULL REFERENCES grants (id) ON DELETE CASCADE,
    client_id TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    used_at TIMESTAMPTZ
);

CREATE INDEX refresh_tokens_grant_id ON refresh_tokens (grant_id);
CREATE INDEX refresh_tokens_expires_at ON refresh_tokens (expires_at);

-- private keys, sealed
CREATE TABLE signing_keys (
    id TEXT PRIMARY KEY,
    algorithm TEXT NOT NULL,
    pkcs8 BYTEA NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    active_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ
);

-- wrong answers in a row, per person
CREATE TABLE attempts (
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    bucket TEXT NOT NULL,
    failures INTEGER NOT NULL,
    blocked_until TIMESTAMPTZ,
    PRIMARY KEY (user_id, kind, bucket)
);

-- attempts per client address
CREATE TABLE address_attempts (
    address TEXT NOT NULL,
    purpose TEXT NOT NULL,
    started_at TIMESTAMPTZ NOT NULL,
    used INTEGER NOT NULL,
    PRIMARY KEY (address, purpose)
);

CREATE INDEX address_attempts_started_at ON address_attempts (started_at);

-- browsers that have logged a person in before
CREATE TABLE known_browsers (
    token_hash TEXT NOT NULL,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at TIMESTAMPTZ NOT NULL,
    seen_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (token_hash, user_id)
);

CREATE INDEX known_browsers_user_id ON known_browsers (user_id);
CREATE INDEX known_browsers_seen_at ON known_browsers (seen_at);

-- outbox; content is sealed and emptied once sent
CREATE TABLE letters (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    to_address TEXT NOT NULL,
    content BYTEA NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    next_try_at TIMESTAMPTZ NOT NULL,
    tries INTEGER NOT NULL,
    sent_at TIMESTAMPTZ,
    dead_at TIMESTAMPTZ
);

CREATE INDEX letters_next_try_at ON letters (next_try_at) WHERE sent_at IS NULL AND dead_at IS NULL;
CREATE INDEX letters_created_at ON letters (created_at);

-- audit trail, append only
CREATE TABLE events (
    id TEXT PRIMARY KEY,
    at TIMESTAMPTZ NOT NULL,
    kind TEXT NOT NULL,
    user_id TEXT NOT NULL,
    account_id TEXT NOT NULL,
    client_id TEXT NOT NULL,
    actor TEXT NOT NULL,
    address TEXT NOT NULL,
    user_agent TEXT NOT NULL,
    request_id TEXT NOT NULL,
    detail TEXT NOT NULL
);

CREATE INDEX events_at ON events (at);
CREATE INDEX events_user_id ON events (user_id);

-- one sealed value, to refuse a wrong sealing key at start
CREATE TABLE sealing_check (
    id TEXT PRIMARY KEY,
    sealed BYTEA NOT NULL
);
