-- +goose Up
-- The binding that a follower has begun, and how often; a code is kept as a slow digest. Times
-- are in milliseconds since 1970; until_at is 0 when no code is awaited.
CREATE TABLE bind_attempt (
    account      TEXT    NOT NULL,
    openid       TEXT    NOT NULL,
    phone        TEXT    NOT NULL,
    ask_key      TEXT    NOT NULL,
    salt         BLOB    NOT NULL,
    code_sum     BLOB    NOT NULL,
    until_at     INTEGER NOT NULL DEFAULT 0,
    wrong        INTEGER NOT NULL DEFAULT 0,
    locked_until INTEGER NOT NULL DEFAULT 0,
    verdict_key  TEXT    NOT NULL,
    verdict      TEXT    NOT NULL,
    begun_at     INTEGER NOT NULL DEFAULT 0,
    window_at    INTEGER NOT NULL DEFAULT 0,
    begun        INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (account, openid)
) WITHOUT ROWID;

-- How often a number was asked for, and what the carrier says of it.
CREATE TABLE bind_number (
    phone     TEXT    NOT NULL PRIMARY KEY,
    carrier   TEXT    NOT NULL,
    province  TEXT    NOT NULL,
    city      TEXT    NOT NULL,
    begun_at  INTEGER NOT NULL DEFAULT 0,
    window_at INTEGER NOT NULL DEFAULT 0,
    begun     INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;

-- +goose Down
DROP TABLE bind_number;
DROP TABLE bind_attempt;
