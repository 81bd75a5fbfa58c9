-- +goose Up
-- Attempts and numbers are found by their age.
SET @change = IF(EXISTS (SELECT 1 FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = 'bind_attempt' AND index_name = 'bind_attempt_age'),
    'DO 0', 'ALTER TABLE bind_attempt ADD
    INDEX bind_attempt_age (begun_at)
');
PREPARE change_it FROM @change;
EXECUTE change_it;
DEALLOCATE PREPARE change_it;
SET @change = IF(EXISTS (SELECT 1 FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = 'bind_number' AND index_name = 'bind_number_age'),
    'DO 0', 'ALTER TABLE bind_number ADD
    INDEX bind_number_age (begun_at)
');
PREPARE change_it FROM @change;
EXECUTE change_it;
DEALLOCATE PREPARE change_it;

-- +goose Down
ALTER TABLE bind_number
DROP INDEX bind_number_age;
ALTER TABLE bind_attempt
DROP INDEX bind_attempt_age;
