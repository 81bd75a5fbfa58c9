-- +goose Up
-- The row is the arbiter of refreshes: see package control. Times are
-- milliseconds by the database's clock; 0 means none.
CREATE TABLE access_token (
    account      TEXT    NOT NULL PRIMARY KEY,
    token        TEXT    NOT NULL,
    version      INTEGER NOT NULL,
    lease_owner  TEXT    NOT NULL,
    lease_until  INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,
    refreshed_at INTEGER NOT NULL,
    dead         INTEGER NOT NULL,
    intent_at    INTEGER NOT NULL
) WITHOUT ROWID;

-- +goose Down
DROP TABLE access_token;
