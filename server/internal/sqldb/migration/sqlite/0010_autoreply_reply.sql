-- +goose Up
-- Answers of keywords that are no texts. A server from before does not read them.
CREATE TABLE autoreply_reply (
    account       TEXT NOT NULL,
    keyword       TEXT NOT NULL,
    match_how     TEXT NOT NULL,
    position      INTEGER NOT NULL,
    form          TEXT NOT NULL,
    fields        TEXT NOT NULL,
    PRIMARY KEY (account, keyword, match_how, position)
) WITHOUT ROWID;

-- +goose Down
DROP TABLE autoreply_reply;
