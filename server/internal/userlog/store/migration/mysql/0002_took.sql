-- +goose Up
-- took_us is how long it took until the answer was known, in microseconds. Servers of
-- before do not write it. MySQL has no ADD that leaves alone what is there, and a migration
-- that was cut short runs again.
SET @change = IF(EXISTS (SELECT 1 FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'user_log' AND column_name = 'took_us'),
    'DO 0', 'ALTER TABLE user_log ADD COLUMN took_us BIGINT NOT NULL DEFAULT 0');
PREPARE change_it FROM @change;
EXECUTE change_it;
DEALLOCATE PREPARE change_it;

-- +goose Down
ALTER TABLE user_log DROP COLUMN took_us;
