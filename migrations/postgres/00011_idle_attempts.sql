-- +goose Up

-- for the sweeper
CREATE INDEX attempts_counted_at ON attempts (counted_at);
