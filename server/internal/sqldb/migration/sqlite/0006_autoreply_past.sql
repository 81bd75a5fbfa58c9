-- +goose Up
-- What a change of the keyword table replaced, for the tries of messages that are older
-- than the change. existed is 0 for an entry that the change added. replaced_at is the
-- database's clock in milliseconds. Rows are of use for a minute.
CREATE TABLE autoreply_past (
    account     TEXT    NOT NULL,
    replaced_at INTEGER NOT NULL,
    keyword     TEXT    NOT NULL,
    match_how   TEXT    NOT NULL,
    existed     INTEGER NOT NULL,
    hidden      INTEGER NOT NULL,
    answers     TEXT    NOT NULL,
    PRIMARY KEY (account, replaced_at, keyword, match_how)
) WITHOUT ROWID;

-- +goose Down
DROP TABLE autoreply_past;
