-- +goose Up

-- what stands in for an authenticator, each once; hashed with one salt per set
CREATE TABLE recovery_codes (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    hash TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    used_at TIMESTAMP,
    UNIQUE (user_id, hash)
);

-- the step of a code that was right but for the clock of the phone: its owner was told, so it never counts
ALTER TABLE authenticators ADD COLUMN told_step BIGINT NOT NULL DEFAULT 0;

-- when a person was last told of wrong codes
ALTER TABLE attempts ADD COLUMN told_at TIMESTAMP;
