-- +goose Up
-- rounds is how often all attempts of an order's job have ended in vain.
ALTER TABLE orders ADD COLUMN rounds INTEGER NOT NULL DEFAULT 0;
CREATE INDEX dead_letter_key ON dead_letter (job_key);

-- +goose Down
DROP INDEX dead_letter_key;
ALTER TABLE orders DROP COLUMN rounds;
