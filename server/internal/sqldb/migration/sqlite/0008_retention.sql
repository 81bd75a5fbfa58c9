-- +goose Up
-- Orders that are told and old are moved here. month is that of created_at in the carrier's
-- time zone, 202611. Nothing is deleted from it. Replies are found by their age.
CREATE INDEX message_reply_age ON message_reply (created_at);
CREATE TABLE order_archive (
    serial      TEXT    NOT NULL,
    account     TEXT    NOT NULL,
    openid      TEXT    NOT NULL,
    phone       TEXT    NOT NULL,
    code        TEXT    NOT NULL,
    product     TEXT    NOT NULL,
    name        TEXT    NOT NULL,
    msg_key     TEXT    NOT NULL,
    state       TEXT    NOT NULL,
    reason      TEXT    NOT NULL,
    attempts    INTEGER NOT NULL,
    version     INTEGER NOT NULL,
    told        TEXT    NOT NULL,
    rounds      INTEGER NOT NULL,
    created_at  INTEGER NOT NULL,
    progress_at INTEGER NOT NULL,
    month       INTEGER NOT NULL,
    PRIMARY KEY (serial)
) WITHOUT ROWID;
CREATE UNIQUE INDEX order_archive_message ON order_archive (account, msg_key);
CREATE INDEX order_archive_month ON order_archive (month, serial);

-- People name dead letters by their IDs, so none is given twice.
CREATE TABLE dead_letter_once (id INTEGER PRIMARY KEY AUTOINCREMENT, job_key TEXT NOT NULL, kind TEXT NOT NULL, payload TEXT NOT NULL, attempts INTEGER NOT NULL, reason TEXT NOT NULL, created_at INTEGER NOT NULL, buried_at INTEGER NOT NULL); -- rebuild
INSERT INTO dead_letter_once SELECT id, job_key, kind, payload, attempts, reason, created_at, buried_at FROM dead_letter;
DROP TABLE dead_letter; -- rebuild
ALTER TABLE dead_letter_once RENAME TO dead_letter;
CREATE INDEX dead_letter_key ON dead_letter (job_key); -- rebuild

-- +goose Down
DROP TABLE order_archive;
DROP INDEX message_reply_age;
