-- +goose Up
-- The money of a top-up.
ALTER TABLE orders ADD COLUMN fen INTEGER NOT NULL DEFAULT 0;
ALTER TABLE order_archive ADD COLUMN fen INTEGER NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE order_archive DROP COLUMN fen;
ALTER TABLE orders DROP COLUMN fen;
