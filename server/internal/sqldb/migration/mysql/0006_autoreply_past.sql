-- +goose Up
-- What a change of the keyword table replaced, for the tries of messages that are older
-- than the change. existed is 0 for an entry that the change added. replaced_at is the
-- database's clock in milliseconds. Rows are of use for a minute.
CREATE TABLE IF NOT EXISTS autoreply_past (
    account     VARCHAR(64)   NOT NULL,
    replaced_at BIGINT        NOT NULL,
    keyword     VARCHAR(128)  NOT NULL,
    match_how   VARCHAR(32)   NOT NULL,
    existed     TINYINT       NOT NULL,
    hidden      TINYINT       NOT NULL,
    answers     MEDIUMTEXT    NOT NULL,
    PRIMARY KEY (account, replaced_at, keyword, match_how)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_bin;

-- +goose Down
DROP TABLE IF EXISTS autoreply_past;
