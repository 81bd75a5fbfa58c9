-- +goose Up
-- Files that answers can name, with the media_id that the platform knows them by, and what
-- followers sent. Times are milliseconds since 1970, 0 for never; heard_at is by the database's clock.
CREATE TABLE media_file (
    account       TEXT    NOT NULL,
    name          TEXT    NOT NULL,
    kind          TEXT    NOT NULL,
    content_type  TEXT    NOT NULL,
    size          INTEGER NOT NULL,
    sha256        TEXT    NOT NULL,
    file_key      TEXT    NOT NULL,
    media_id      TEXT    NOT NULL,
    ends_at       INTEGER NOT NULL,
    past_id       TEXT    NOT NULL,
    past_ends_at  INTEGER NOT NULL,
    changed_at    INTEGER NOT NULL,
    due_at        INTEGER NOT NULL,
    failures      INTEGER NOT NULL,
    trouble       TEXT    NOT NULL,
    added_at      INTEGER NOT NULL,
    dropped       INTEGER NOT NULL,
    PRIMARY KEY (account, name)
) WITHOUT ROWID;
CREATE INDEX media_file_due ON media_file (due_at);
CREATE INDEX media_file_ends ON media_file (dropped, ends_at);
CREATE TABLE media_received (
    account       TEXT    NOT NULL,
    msg_key       TEXT    NOT NULL,
    openid        TEXT    NOT NULL,
    kind          TEXT    NOT NULL,
    media_id      TEXT    NOT NULL,
    sent_at       INTEGER NOT NULL,
    fate          TEXT    NOT NULL,
    content_type  TEXT    NOT NULL,
    size          INTEGER NOT NULL,
    sha256        TEXT    NOT NULL,
    file_key      TEXT    NOT NULL,
    reason        TEXT    NOT NULL,
    heard_at      INTEGER NOT NULL,
    PRIMARY KEY (account, msg_key)
) WITHOUT ROWID;
CREATE INDEX media_received_heard ON media_received (heard_at);
INSERT INTO data_change (topic, generation) VALUES ('media', hex(randomblob(16)));

-- +goose Down
DELETE FROM data_change WHERE topic = 'media';
DROP TABLE media_received;
DROP TABLE media_file;
