-- +goose Up

-- emailed links that can be used once; only the SHA-256 of the link is kept
CREATE TABLE links (
    id TEXT PRIMARY KEY,
    purpose TEXT NOT NULL,
    subject TEXT NOT NULL,
    user_id TEXT REFERENCES users (id) ON DELETE CASCADE,
    account_id TEXT REFERENCES accounts (id) ON DELETE CASCADE,
    email TEXT NOT NULL,
    epoch BIGINT NOT NULL,
    approved BOOLEAN NOT NULL,
    token_hash TEXT NOT NULL UNIQUE,
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    superseded_at TIMESTAMPTZ,
    used_at TIMESTAMPTZ
);

CREATE INDEX links_user_id ON links (user_id, purpose);
CREATE INDEX links_account_id ON links (account_id);
CREATE INDEX links_email ON links (email, purpose) WHERE user_id IS NULL;
CREATE INDEX links_subject ON links (subject, purpose) WHERE subject <> '';
CREATE INDEX links_expires_at ON links (expires_at);
