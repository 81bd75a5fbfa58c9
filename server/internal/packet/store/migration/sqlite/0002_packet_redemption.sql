-- +goose Up
-- Data on its way to a phone: one row for each serial of a follower. ended_at is 0 until the order
-- has ended; look_at is when a worker looks at the order again.
CREATE TABLE packet_redemption (
    account  TEXT    NOT NULL,
    openid   TEXT    NOT NULL,
    serial   TEXT    NOT NULL,
    units    INTEGER NOT NULL CHECK (units > 0),
    ended_at INTEGER NOT NULL,
    look_at  INTEGER NOT NULL,
    PRIMARY KEY (account, openid, serial)
) WITHOUT ROWID;
CREATE INDEX packet_redemption_due ON packet_redemption (ended_at, look_at);

-- +goose Down
DROP TABLE packet_redemption;
