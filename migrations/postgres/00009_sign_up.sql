-- +goose Up

-- people who come from this client may sign up, where only some clients allow it
ALTER TABLE clients ADD COLUMN sign_up BOOLEAN NOT NULL DEFAULT FALSE;
