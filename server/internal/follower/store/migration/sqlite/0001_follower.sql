-- +goose Up
-- People as an account knows them: the source's USER. Times are in milliseconds since 1970, 0 for never.
CREATE TABLE follower (
    account       TEXT    NOT NULL,
    openid        TEXT    NOT NULL,
    following     INTEGER NOT NULL,
    times         INTEGER NOT NULL,
    event_at      INTEGER NOT NULL,
    since_at      INTEGER NOT NULL,
    left_at       INTEGER NOT NULL,
    scene         TEXT    NOT NULL,
    way           TEXT    NOT NULL,
    unionid       TEXT    NOT NULL,
    nickname      TEXT    NOT NULL,
    picture       TEXT    NOT NULL,
    named_at      INTEGER NOT NULL,
    lang          TEXT    NOT NULL,
    remark        TEXT    NOT NULL,
    asked_at      INTEGER NOT NULL,
    seen_run      INTEGER NOT NULL,
    PRIMARY KEY (account, openid)
) WITHOUT ROWID;
-- Events that were taken in: each has its effects once. Rows go when no try can come any more.
CREATE TABLE follow_event (
    account       TEXT    NOT NULL,
    msg_key       TEXT    NOT NULL,
    heard_at      INTEGER NOT NULL,
    PRIMARY KEY (account, msg_key)
) WITHOUT ROWID;
CREATE INDEX follow_event_age ON follow_event (heard_at);
-- What happened on a day, such as 20261130, by a scene. A day has several rows, so that
-- followers who come at once do not wait for each other; their sum counts.
CREATE TABLE follow_growth (
    account       TEXT    NOT NULL,
    day           INTEGER NOT NULL,
    scene         TEXT    NOT NULL,
    slot          INTEGER NOT NULL,
    gained        INTEGER NOT NULL,
    lost          INTEGER NOT NULL,
    scanned       INTEGER NOT NULL,
    PRIMARY KEY (account, day, scene, slot)
) WITHOUT ROWID;
CREATE INDEX follow_growth_day ON follow_growth (day);
-- Synchronizations with the platform's list that have not come to their end.
CREATE TABLE follower_run (
    account       TEXT    NOT NULL,
    began_at      INTEGER NOT NULL,
    next_openid   TEXT    NOT NULL,
    seen          INTEGER NOT NULL,
    PRIMARY KEY (account)
) WITHOUT ROWID;

-- +goose Down
DROP TABLE follower_run;
DROP TABLE follow_growth;
DROP TABLE follow_event;
DROP TABLE follower;
