-- +goose Up
-- A reply may be of any form. Rows of a server from before, which names neither column, are
-- texts. One statement adds both columns, so that it was made as a whole or not at all.
SET @change = IF(EXISTS (SELECT 1 FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'message_reply' AND column_name = 'form'),
    'DO 0', 'ALTER TABLE message_reply ADD COLUMN form VARCHAR(32) NOT NULL DEFAULT '''', ADD COLUMN fields TEXT NULL');
PREPARE change_it FROM @change;
EXECUTE change_it;
DEALLOCATE PREPARE change_it;

-- +goose Down
ALTER TABLE message_reply DROP COLUMN fields, DROP COLUMN form;
