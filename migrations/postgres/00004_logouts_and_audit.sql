-- +goose Up

-- back-channel logout: clients that still have to be told that an account was left
CREATE TABLE logouts (
    client_id TEXT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    entry_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    next_try_at TIMESTAMPTZ NOT NULL,
    tries INTEGER NOT NULL,
    sent_at TIMESTAMPTZ,
    dead_at TIMESTAMPTZ,
    PRIMARY KEY (client_id, entry_id)
);

CREATE INDEX logouts_next_try_at ON logouts (next_try_at) WHERE sent_at IS NULL AND dead_at IS NULL;
CREATE INDEX logouts_created_at ON logouts (created_at);

-- events that no link of the audit chain covers yet
CREATE TABLE unsealed_events (
    event_id TEXT PRIMARY KEY
);

-- the audit chain; each link covers a batch of events, and seal holds the hash over it and all before
CREATE TABLE audit_links (
    id TEXT PRIMARY KEY,
    last_at TIMESTAMPTZ NOT NULL,
    entries TEXT NOT NULL,
    seal BYTEA NOT NULL,
    swept BOOLEAN NOT NULL
);

CREATE INDEX audit_links_last_at ON audit_links (last_at) WHERE NOT swept;

-- what was recorded before there was a chain is its first part
INSERT INTO unsealed_events (event_id) SELECT id FROM events;
