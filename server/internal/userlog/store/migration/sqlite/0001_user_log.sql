-- +goose Up
-- sent_at is in seconds and the message's own, the same for all tries of it.
CREATE TABLE user_log (
    sent_at     INTEGER NOT NULL,
    account     TEXT    NOT NULL,
    msg_key     TEXT    NOT NULL,
    openid      TEXT    NOT NULL,
    msg_type    TEXT    NOT NULL,
    event       TEXT    NOT NULL,
    event_key   TEXT    NOT NULL,
    content     TEXT    NOT NULL,
    answer      TEXT    NOT NULL,
    received_at INTEGER NOT NULL,
    PRIMARY KEY (sent_at, account, msg_key)
) WITHOUT ROWID;
CREATE INDEX user_log_openid ON user_log (account, openid, sent_at);
CREATE INDEX user_log_type ON user_log (account, msg_type, sent_at);

-- +goose Down
DROP TABLE user_log;
