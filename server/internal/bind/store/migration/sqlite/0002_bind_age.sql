-- +goose Up
-- Attempts and numbers are found by their age.
CREATE INDEX bind_attempt_age ON bind_attempt (begun_at);
CREATE INDEX bind_number_age ON bind_number (begun_at);

-- +goose Down
DROP INDEX bind_number_age;
DROP INDEX bind_attempt_age;
