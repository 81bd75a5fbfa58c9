-- +goose Up
-- Files that answers can name, with the media_id that the platform knows them by, and what
-- followers sent. Times are milliseconds since 1970, 0 for never; heard_at is by the database's clock.
CREATE TABLE IF NOT EXISTS media_file (
    account       VARCHAR(64)   NOT NULL,
    name          VARCHAR(64)   NOT NULL,
    kind          VARCHAR(16)   NOT NULL,
    content_type  VARCHAR(64)   NOT NULL,
    size          BIGINT        NOT NULL,
    sha256        VARCHAR(64)   NOT NULL,
    file_key      VARCHAR(200)  NOT NULL,
    media_id      VARCHAR(255)  NOT NULL,
    ends_at       BIGINT        NOT NULL,
    past_id       VARCHAR(255)  NOT NULL,
    past_ends_at  BIGINT        NOT NULL,
    changed_at    BIGINT        NOT NULL,
    due_at        BIGINT        NOT NULL,
    failures      INT           NOT NULL,
    trouble       VARCHAR(500)  NOT NULL,
    added_at      BIGINT        NOT NULL,
    dropped       TINYINT       NOT NULL,
    PRIMARY KEY (account, name),
    INDEX media_file_due (due_at),
    INDEX media_file_ends (dropped, ends_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_bin;
CREATE TABLE IF NOT EXISTS media_received (
    account       VARCHAR(64)   NOT NULL,
    msg_key       VARCHAR(160)  NOT NULL,
    openid        VARCHAR(64)   NOT NULL,
    kind          VARCHAR(16)   NOT NULL,
    media_id      VARCHAR(255)  NOT NULL,
    sent_at       BIGINT        NOT NULL,
    fate          VARCHAR(16)   NOT NULL,
    content_type  VARCHAR(64)   NOT NULL,
    size          BIGINT        NOT NULL,
    sha256        VARCHAR(64)   NOT NULL,
    file_key      VARCHAR(200)  NOT NULL,
    reason        VARCHAR(500)  NOT NULL,
    heard_at      BIGINT        NOT NULL,
    PRIMARY KEY (account, msg_key),
    INDEX media_received_heard (heard_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_bin;
INSERT INTO data_change (topic, generation) VALUES ('media', UUID()) ON DUPLICATE KEY UPDATE topic = data_change.topic;

-- +goose Down
DELETE FROM data_change WHERE topic = 'media';
DROP TABLE IF EXISTS media_received;
DROP TABLE IF EXISTS media_file;
