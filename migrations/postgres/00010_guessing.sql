-- +goose Up

-- when an attempt was counted last
ALTER TABLE attempts ADD COLUMN counted_at TIMESTAMPTZ;
UPDATE attempts SET counted_at = now();

-- runs of wrong passwords that the person is to be told of; hardly ever a row is in it
CREATE INDEX attempts_guessing ON attempts (counted_at) WHERE kind = 'password' AND failures >= 100 AND told_at IS NULL;
