-- +goose Up

-- how many letters of a kind a person was sent lately: nobody is flooded with them by others
CREATE INDEX letters_user_id ON letters (user_id, kind, created_at);
