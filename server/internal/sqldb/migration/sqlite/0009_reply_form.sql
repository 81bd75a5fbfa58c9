-- +goose Up
-- A reply may be of any form. Rows of a server from before, which names neither column, are
-- texts.
ALTER TABLE message_reply ADD COLUMN form TEXT NOT NULL DEFAULT '';
ALTER TABLE message_reply ADD COLUMN fields TEXT NULL;

-- +goose Down
ALTER TABLE message_reply DROP COLUMN fields;
ALTER TABLE message_reply DROP COLUMN form;
