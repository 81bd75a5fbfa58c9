-- +goose Up
-- MySQL commits each of these by itself: a process that dies between two of them
-- leaves the first ones done and the version not noted. So each may run again.
CREATE TABLE IF NOT EXISTS bind (
    account     VARCHAR(64)   NOT NULL,
    openid      VARCHAR(64)   NOT NULL,
    phone       VARCHAR(32)   NOT NULL,
    created_at  BIGINT        NOT NULL,
    PRIMARY KEY (account, openid)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_bin;

CREATE TABLE IF NOT EXISTS business (
    account     VARCHAR(64)   NOT NULL,
    code        VARCHAR(64)   NOT NULL,
    kind        VARCHAR(32)   NOT NULL,
    name        VARCHAR(128)  NOT NULL,
    menu_key    VARCHAR(128)  NOT NULL,
    operation   VARCHAR(64)   NOT NULL,
    product     VARCHAR(64)   NOT NULL,
    PRIMARY KEY (account, code)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_bin;

CREATE TABLE IF NOT EXISTS business_command (
    account     VARCHAR(64)   NOT NULL,
    code        VARCHAR(64)   NOT NULL,
    position    INT           NOT NULL,
    command     VARCHAR(128)  NOT NULL,
    PRIMARY KEY (account, code, position)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_bin;

CREATE TABLE IF NOT EXISTS autoreply (
    account     VARCHAR(64)   NOT NULL,
    keyword     VARCHAR(128)  NOT NULL,
    match_how   VARCHAR(32)   NOT NULL,
    hidden      TINYINT       NOT NULL,
    PRIMARY KEY (account, keyword, match_how)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_bin;

CREATE TABLE IF NOT EXISTS autoreply_content (
    account     VARCHAR(64)   NOT NULL,
    keyword     VARCHAR(128)  NOT NULL,
    match_how   VARCHAR(32)   NOT NULL,
    position    INT           NOT NULL,
    content     TEXT          NOT NULL,
    PRIMARY KEY (account, keyword, match_how, position)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_bin;

CREATE TABLE IF NOT EXISTS message_reply (
    account     VARCHAR(64)   NOT NULL,
    msg_key     VARCHAR(160)  NOT NULL,
    content     TEXT          NOT NULL,
    later       TINYINT       NOT NULL,
    created_at  BIGINT        NOT NULL,
    PRIMARY KEY (account, msg_key)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_bin;

-- settled is 1 once the order is finished and its follower told.
CREATE TABLE IF NOT EXISTS orders (
    serial      VARCHAR(32)   NOT NULL PRIMARY KEY,
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
    lease_until BIGINT        NOT NULL,
    told        VARCHAR(16)   NOT NULL,
    settled     TINYINT       NOT NULL,
    progress_at BIGINT        NOT NULL,
    created_at  BIGINT        NOT NULL,
    UNIQUE INDEX orders_message (account, msg_key),
    INDEX orders_progress (settled, progress_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_bin;

CREATE TABLE IF NOT EXISTS outbox (
    id          BIGINT        NOT NULL AUTO_INCREMENT PRIMARY KEY,
    job_key     VARCHAR(255)  NOT NULL,
    queue       VARCHAR(32)   NOT NULL,
    kind        VARCHAR(32)   NOT NULL,
    payload     TEXT          NOT NULL,
    created_at  BIGINT        NOT NULL,
    UNIQUE INDEX outbox_key (job_key),
    INDEX outbox_queue (queue, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_bin;

CREATE TABLE IF NOT EXISTS dead_letter (
    id          BIGINT        NOT NULL AUTO_INCREMENT PRIMARY KEY,
    job_key     VARCHAR(255)  NOT NULL,
    kind        VARCHAR(32)   NOT NULL,
    payload     TEXT          NOT NULL,
    attempts    INT           NOT NULL,
    reason      VARCHAR(1024) NOT NULL,
    created_at  BIGINT        NOT NULL,
    buried_at   BIGINT        NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_bin;

-- +goose Down
DROP TABLE IF EXISTS dead_letter;
DROP TABLE IF EXISTS outbox;
DROP TABLE IF EXISTS orders;
DROP TABLE IF EXISTS message_reply;
DROP TABLE IF EXISTS autoreply_content;
DROP TABLE IF EXISTS autoreply;
DROP TABLE IF EXISTS business_command;
DROP TABLE IF EXISTS business;
DROP TABLE IF EXISTS bind;
