-- +goose Up
-- People as an account knows them: the source's USER. Every unique key of a partitioned
-- table holds the partition column. Its collation tells all characters of an openid apart,
-- capitals too; the hash of the binary ones fills the partitions unevenly (600 to 2342 rows
-- of 1000). Times are in milliseconds since 1970, 0 for never.
CREATE TABLE IF NOT EXISTS follower (
    account       VARCHAR(64)   NOT NULL,
    openid        VARCHAR(64)   COLLATE utf8mb4_0900_as_cs NOT NULL,
    following     TINYINT       NOT NULL,
    times         INT           NOT NULL,
    event_at      BIGINT        NOT NULL,
    since_at      BIGINT        NOT NULL,
    left_at       BIGINT        NOT NULL,
    scene         VARCHAR(128)  NOT NULL,
    way           VARCHAR(64)   NOT NULL,
    unionid       VARCHAR(64)   NOT NULL,
    nickname      VARCHAR(255)  NOT NULL,
    picture       VARCHAR(1024) NOT NULL,
    named_at      BIGINT        NOT NULL,
    lang          VARCHAR(32)   NOT NULL,
    remark        VARCHAR(255)  NOT NULL,
    asked_at      BIGINT        NOT NULL,
    seen_run      BIGINT        NOT NULL,
    PRIMARY KEY (account, openid)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_bin
PARTITION BY KEY (openid) PARTITIONS 16;
-- Events that were taken in: each has its effects once. Rows go when no try can come any more.
CREATE TABLE IF NOT EXISTS follow_event (
    account       VARCHAR(64)   NOT NULL,
    msg_key       VARCHAR(160)  NOT NULL,
    heard_at      BIGINT        NOT NULL,
    PRIMARY KEY (account, msg_key),
    INDEX follow_event_age (heard_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_bin;
-- What happened on a day, such as 20261130, by a scene. A day has several rows, so that
-- followers who come at once do not wait for each other; their sum counts.
CREATE TABLE IF NOT EXISTS follow_growth (
    account       VARCHAR(64)   NOT NULL,
    day           INT           NOT NULL,
    scene         VARCHAR(128)  NOT NULL,
    slot          INT           NOT NULL,
    gained        INT           NOT NULL,
    lost          INT           NOT NULL,
    scanned       INT           NOT NULL,
    PRIMARY KEY (account, day, scene, slot),
    INDEX follow_growth_day (day)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_bin;
-- Synchronizations with the platform's list that have not come to their end.
CREATE TABLE IF NOT EXISTS follower_run (
    account       VARCHAR(64)   NOT NULL,
    began_at      BIGINT        NOT NULL,
    next_openid   VARCHAR(64)   NOT NULL,
    seen          BIGINT        NOT NULL,
    PRIMARY KEY (account)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_bin;

-- +goose Down
DROP TABLE IF EXISTS follower_run;
DROP TABLE IF EXISTS follow_growth;
DROP TABLE IF EXISTS follow_event;
DROP TABLE IF EXISTS follower;
