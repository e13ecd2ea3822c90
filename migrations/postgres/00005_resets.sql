-- +goose Up

-- an app that a hundred wrong codes in a row have switched off: a reset asks for a proof all the same
ALTER TABLE authenticators ADD COLUMN exhausted BOOLEAN NOT NULL DEFAULT FALSE;

-- addresses typed into Forgot Password, until the letter is written; they may belong to nobody
CREATE TABLE forgotten_passwords (
    id TEXT PRIMARY KEY,
    email TEXT NOT NULL,
    browser_hash TEXT NOT NULL,
    address TEXT NOT NULL,
    user_agent TEXT NOT NULL,
    request_id TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL
);

CREATE INDEX forgotten_passwords_created_at ON forgotten_passwords (created_at);

-- requests of people who have lost their authenticator
CREATE TABLE recoveries (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    epoch BIGINT NOT NULL,
    address TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    outcome TEXT NOT NULL,
    decided_at TIMESTAMPTZ,
    decided_by TEXT NOT NULL,
    reason TEXT NOT NULL
);

CREATE INDEX recoveries_user_id ON recoveries (user_id);
CREATE INDEX recoveries_expires_at ON recoveries (expires_at);
