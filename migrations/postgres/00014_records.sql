-- +goose Up

-- whether a passkey is a second factor in an account
ALTER TABLE accounts ADD COLUMN IF NOT EXISTS passkeys TEXT NOT NULL DEFAULT 'allowed';

-- the class that a client insisted on; empty where it did not
ALTER TABLE grants ADD COLUMN IF NOT EXISTS acr TEXT NOT NULL DEFAULT '';

-- the QR code at the end of a reset belongs to no account, and is shown before its link is opened
ALTER TABLE enrollments ALTER COLUMN account_id DROP NOT NULL;
ALTER TABLE enrollments ADD COLUMN IF NOT EXISTS shown_at TIMESTAMPTZ;
