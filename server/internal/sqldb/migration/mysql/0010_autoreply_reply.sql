-- +goose Up
-- Answers of keywords that are no texts. A server from before does not read them.
CREATE TABLE IF NOT EXISTS autoreply_reply (
    account       VARCHAR(64) NOT NULL,
    keyword       VARCHAR(128) NOT NULL,
    match_how     VARCHAR(32) NOT NULL,
    position      INT NOT NULL,
    form          VARCHAR(32) NOT NULL,
    fields        MEDIUMTEXT NOT NULL,
    PRIMARY KEY (account, keyword, match_how, position)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_bin;

-- +goose Down
DROP TABLE IF EXISTS autoreply_reply;
