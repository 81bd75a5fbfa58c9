-- +goose Up
-- took_us is how long it took until the answer was known, in microseconds. Servers of
-- before do not write it.
ALTER TABLE user_log ADD COLUMN took_us INTEGER NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE user_log DROP COLUMN took_us;
