-- +goose Up

-- whether a passkey is a second factor in an account
ALTER TABLE accounts ADD COLUMN passkeys TEXT NOT NULL DEFAULT 'allowed';

-- the class that a client insisted on; empty where it did not
ALTER TABLE grants ADD COLUMN acr TEXT NOT NULL DEFAULT '';

-- the QR code at the end of a reset belongs to no account, and is shown before its link is opened; SQLite cannot take a NOT NULL away
CREATE TABLE enrollments_anew (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    account_id TEXT REFERENCES accounts (id) ON DELETE CASCADE,
    token_hash TEXT NOT NULL UNIQUE,
    authenticator_id TEXT NOT NULL,
    browser_hash TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    superseded_at TIMESTAMP,
    revealed_at TIMESTAMP,
    confirmed_at TIMESTAMP,
    own BOOLEAN NOT NULL DEFAULT FALSE,
    shown_at TIMESTAMP
);

INSERT INTO enrollments_anew (id, user_id, account_id, token_hash, authenticator_id, browser_hash, created_at, expires_at, superseded_at, revealed_at,
    confirmed_at, own)
SELECT id, user_id, account_id, token_hash, authenticator_id, browser_hash, created_at, expires_at, superseded_at, revealed_at, confirmed_at, own
FROM enrollments;

DROP TABLE enrollments;
ALTER TABLE enrollments_anew RENAME TO enrollments;

CREATE INDEX enrollments_user_id ON enrollments (user_id);
CREATE INDEX enrollments_account_id ON enrollments (account_id);
CREATE INDEX enrollments_authenticator_id ON enrollments (authenticator_id);
CREATE INDEX enrollments_expires_at ON enrollments (expires_at);
