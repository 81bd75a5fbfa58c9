-- +goose Up
-- The money of a top-up. MySQL commits each change of a table by itself, and has no ADD that
-- leaves alone what is there.
SET @change = IF(EXISTS (SELECT 1 FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'orders' AND column_name = 'fen'),
    'DO 0', 'ALTER TABLE orders ADD COLUMN fen BIGINT NOT NULL DEFAULT 0');
PREPARE change_it FROM @change;
EXECUTE change_it;
DEALLOCATE PREPARE change_it;
SET @change = IF(EXISTS (SELECT 1 FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'order_archive' AND column_name = 'fen'),
    'DO 0', 'ALTER TABLE order_archive ADD COLUMN fen BIGINT NOT NULL DEFAULT 0');
PREPARE change_it FROM @change;
EXECUTE change_it;
DEALLOCATE PREPARE change_it;

-- +goose Down
ALTER TABLE order_archive DROP COLUMN fen;
ALTER TABLE orders DROP COLUMN fen;
