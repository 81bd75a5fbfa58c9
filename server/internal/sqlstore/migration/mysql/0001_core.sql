-- +goose Up
CREATE TABLE bind (
    account     VARCHAR(64)   NOT NULL,
    openid      VARCHAR(64)   NOT NULL,
    phone       VARCHAR(32)   NOT NULL,
    created_at  BIGINT        NOT NULL,
    PRIMARY KEY (account, openid)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE business (
    account     VARCHAR(64)   NOT NULL,
    code        VARCHAR(64)   NOT NULL,
    kind        VARCHAR(32)   NOT NULL,
    name        VARCHAR(128)  NOT NULL,
    menu_key    VARCHAR(128)  NOT NULL,
    operation   VARCHAR(64)   NOT NULL,
    product     VARCHAR(64)   NOT NULL,
    PRIMARY KEY (account, code)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE business_command (
    account     VARCHAR(64)   NOT NULL,
    code        VARCHAR(64)   NOT NULL,
    position    INT           NOT NULL,
    command     VARCHAR(128)  NOT NULL,
    PRIMARY KEY (account, code, position)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE autoreply (
    account     VARCHAR(64)   NOT NULL,
    keyword     VARCHAR(128)  NOT NULL,
    match_how   VARCHAR(32)   NOT NULL,
    hidden      TINYINT       NOT NULL,
    PRIMARY KEY (account, keyword, match_how)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE autoreply_content (
    account     VARCHAR(64)   NOT NULL,
    keyword     VARCHAR(128)  NOT NULL,
    match_how   VARCHAR(32)   NOT NULL,
    position    INT           NOT NULL,
    content     TEXT          NOT NULL,
    PRIMARY KEY (account, keyword, match_how, position)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE message_reply (
    account     VARCHAR(64)   NOT NULL,
    msg_key     VARCHAR(160)  NOT NULL,
    content     TEXT          NOT NULL,
    later       TINYINT       NOT NULL,
    created_at  BIGINT        NOT NULL,
    PRIMARY KEY (account, msg_key)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- settled is 1 once the order is finished and its follower told.
CREATE TABLE orders (
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
    created_at  BIGINT        NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE UNIQUE INDEX orders_message ON orders (account, msg_key);
CREATE INDEX orders_progress ON orders (settled, progress_at);

CREATE TABLE outbox (
    id          BIGINT        NOT NULL AUTO_INCREMENT PRIMARY KEY,
    job_key     VARCHAR(255)  NOT NULL,
    queue       VARCHAR(32)   NOT NULL,
    kind        VARCHAR(32)   NOT NULL,
    payload     TEXT          NOT NULL,
    created_at  BIGINT        NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE UNIQUE INDEX outbox_key ON outbox (job_key);
CREATE INDEX outbox_queue ON outbox (queue, id);

CREATE TABLE dead_letter (
    id          BIGINT        NOT NULL AUTO_INCREMENT PRIMARY KEY,
    job_key     VARCHAR(255)  NOT NULL,
    kind        VARCHAR(32)   NOT NULL,
    payload     TEXT          NOT NULL,
    attempts    INT           NOT NULL,
    reason      VARCHAR(1024) NOT NULL,
    created_at  BIGINT        NOT NULL,
    buried_at   BIGINT        NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- +goose Down
DROP TABLE dead_letter;
DROP TABLE outbox;
DROP TABLE orders;
DROP TABLE message_reply;
DROP TABLE autoreply_content;
DROP TABLE autoreply;
DROP TABLE business_command;
DROP TABLE business;
DROP TABLE bind;
