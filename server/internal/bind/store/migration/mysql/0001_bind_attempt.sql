-- +goose Up
-- The binding that a follower has begun, and how often; a code is kept as a slow digest. Times
-- are in milliseconds since 1970; until_at is 0 when no code is awaited.
CREATE TABLE IF NOT EXISTS bind_attempt (
    account      VARCHAR(64)   NOT NULL,
    openid       VARCHAR(64)   NOT NULL,
    phone        VARCHAR(32)   NOT NULL,
    ask_key      VARCHAR(191)  NOT NULL,
    salt         VARBINARY(64) NOT NULL,
    code_sum     VARBINARY(64) NOT NULL,
    until_at     BIGINT        NOT NULL DEFAULT 0,
    wrong        BIGINT        NOT NULL DEFAULT 0,
    locked_until BIGINT        NOT NULL DEFAULT 0,
    verdict_key  VARCHAR(191)  NOT NULL,
    verdict      VARCHAR(16)   NOT NULL,
    begun_at     BIGINT        NOT NULL DEFAULT 0,
    window_at    BIGINT        NOT NULL DEFAULT 0,
    begun        BIGINT        NOT NULL DEFAULT 0,
    PRIMARY KEY (account, openid)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_bin;

-- How often a number was asked for, and what the carrier says of it.
CREATE TABLE IF NOT EXISTS bind_number (
    phone     VARCHAR(32)  NOT NULL PRIMARY KEY,
    carrier   VARCHAR(32)  NOT NULL,
    province  VARCHAR(64)  NOT NULL,
    city      VARCHAR(64)  NOT NULL,
    begun_at  BIGINT       NOT NULL DEFAULT 0,
    window_at BIGINT       NOT NULL DEFAULT 0,
    begun     BIGINT       NOT NULL DEFAULT 0
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_bin;

-- +goose Down
DROP TABLE IF EXISTS bind_number;
DROP TABLE IF EXISTS bind_attempt;
