-- +goose Up
-- One partition a month; the maintenance makes them out of the last one, which
-- takes whatever no month is there for, and drops them. sent_at is in seconds and
-- the message's own: all tries of it meet in one partition, where the primary key
-- keeps one row of them.
CREATE TABLE IF NOT EXISTS user_log (
    sent_at     BIGINT        NOT NULL,
    account     VARCHAR(64)   NOT NULL,
    msg_key     VARCHAR(160)  NOT NULL,
    openid      VARCHAR(64)   NOT NULL,
    msg_type    VARCHAR(32)   NOT NULL,
    event       VARCHAR(64)   NOT NULL,
    event_key   VARCHAR(255)  NOT NULL,
    content     TEXT          NOT NULL,
    answer      VARCHAR(16)   NOT NULL,
    received_at BIGINT        NOT NULL,
    PRIMARY KEY (sent_at, account, msg_key),
    INDEX user_log_openid (account, openid, sent_at),
    INDEX user_log_type (account, msg_type, sent_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_bin
PARTITION BY RANGE (sent_at) (PARTITION later VALUES LESS THAN MAXVALUE);

-- +goose Down
DROP TABLE IF EXISTS user_log;
