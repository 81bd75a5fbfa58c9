-- +goose Up
-- Orders that are told and old are moved here. month is that of created_at in the carrier's
-- time zone, 202611. Nothing is deleted from it. Replies are found by their age.
SET @change = IF(EXISTS (SELECT 1 FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = 'message_reply' AND index_name = 'message_reply_age'),
    'DO 0', 'ALTER TABLE message_reply ADD
    INDEX message_reply_age (created_at)
');
PREPARE change_it FROM @change;
EXECUTE change_it;
DEALLOCATE PREPARE change_it;
CREATE TABLE IF NOT EXISTS order_archive (
    serial      VARCHAR(32)   NOT NULL,
    account     VARCHAR(64)   NOT NULL,
    openid      VARCHAR(64)   NOT NULL,
    phone       VARCHAR(32)   NOT NULL,
    code        VARCHAR(64)   NOT NULL,
    product     VARCHAR(64)   NOT NULL,
    name        VARCHAR(128)  NOT NULL,
    msg_key     VARCHAR(160)  NOT NULL,
    state       VARCHAR(16)   NOT NULL,
    reason      VARCHAR(1024) NOT NULL,
    attempts    INT           NOT NULL,
    version     BIGINT        NOT NULL,
    told        VARCHAR(16)   NOT NULL,
    rounds      INT           NOT NULL,
    created_at  BIGINT        NOT NULL,
    progress_at BIGINT        NOT NULL,
    month       INT           NOT NULL,
    PRIMARY KEY (serial),
    UNIQUE INDEX order_archive_message (account, msg_key),
    INDEX order_archive_month (month, serial)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_bin;

-- +goose Down
DROP TABLE IF EXISTS order_archive;
ALTER TABLE message_reply
DROP INDEX message_reply_age;
