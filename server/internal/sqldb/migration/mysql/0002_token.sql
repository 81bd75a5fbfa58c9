-- +goose Up
-- The row is the arbiter of refreshes: see package control. Times are
-- milliseconds by the database's clock; 0 means none.
CREATE TABLE IF NOT EXISTS access_token (
    account      VARCHAR(64)   NOT NULL PRIMARY KEY,
    token        VARCHAR(1024) NOT NULL,
    version      BIGINT        NOT NULL,
    lease_owner  VARCHAR(64)   NOT NULL,
    lease_until  BIGINT        NOT NULL,
    expires_at   BIGINT        NOT NULL,
    refreshed_at BIGINT        NOT NULL,
    dead         TINYINT       NOT NULL,
    intent_at    BIGINT        NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_bin;

-- +goose Down
DROP TABLE IF EXISTS access_token;
