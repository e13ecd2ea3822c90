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

CREATE INDEX audit_links_last_at ON audit_links (last_at);

-- what was recorded before there was a chain is its first part
INSERT INTO unsealed_events (event_id) SELECT id FROM events;

-- the trail is append only: nothing changes an event, and only what a swept link covers may go
-- +goose StatementBegin
CREATE FUNCTION keep_events() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND EXISTS (SELECT 1 FROM audit_links WHERE last_at >= OLD.at AND swept) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'the audit trail is append only';
END
$$;
-- +goose StatementEnd

CREATE TRIGGER events_stay BEFORE UPDATE OR DELETE ON events FOR EACH ROW EXECUTE FUNCTION keep_events();
