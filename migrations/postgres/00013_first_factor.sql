-- +goose Up

-- a notice of the first second factor somebody set up on a password alone: its link takes the factor back
ALTER TABLE links ADD COLUMN first_factor BOOLEAN NOT NULL DEFAULT FALSE;

-- a QR code shown in Settings: nobody was sent its link, and it is confirmed there alone
ALTER TABLE enrollments ADD COLUMN own BOOLEAN NOT NULL DEFAULT FALSE;
