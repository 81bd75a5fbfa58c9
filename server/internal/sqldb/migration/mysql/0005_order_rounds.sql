-- +goose Up
-- rounds is how often all attempts of an order's job have ended in vain. MySQL commits each
-- change of a table by itself, and has no ADD that leaves alone what is there.
SET @change = IF(EXISTS (SELECT 1 FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'orders' AND column_name = 'rounds'),
    'DO 0', 'ALTER TABLE orders ADD COLUMN rounds INT NOT NULL DEFAULT 0');
PREPARE change_it FROM @change;
EXECUTE change_it;
DEALLOCATE PREPARE change_it;
SET @change = IF(EXISTS (SELECT 1 FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = 'dead_letter' AND index_name = 'dead_letter_key'),
    'DO 0', 'ALTER TABLE dead_letter ADD
    INDEX dead_letter_key (job_key)
');
PREPARE change_it FROM @change;
EXECUTE change_it;
DEALLOCATE PREPARE change_it;

-- +goose Down
ALTER TABLE dead_letter
DROP INDEX dead_letter_key;
ALTER TABLE orders DROP COLUMN rounds;
