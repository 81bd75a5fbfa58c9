-- +goose Up
-- Data on its way to a phone: one row for each serial of a follower. ended_at is 0 until the order
-- has ended; look_at is when a worker looks at the order again.
CREATE TABLE IF NOT EXISTS packet_redemption (
    account  VARCHAR(64) NOT NULL,
    openid   VARCHAR(64) NOT NULL,
    serial   VARCHAR(96) NOT NULL,
    units    BIGINT NOT NULL CHECK (units > 0),
    ended_at BIGINT NOT NULL,
    look_at  BIGINT NOT NULL,
    PRIMARY KEY (account, openid, serial),
    INDEX packet_redemption_due (ended_at, look_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_bin;

-- +goose Down
DROP TABLE IF EXISTS packet_redemption;
