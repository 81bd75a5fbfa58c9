-- +goose Up
-- Followers who let an account see their profile. The tokens are sealed under key_id; times
-- are in milliseconds since 1970.
CREATE TABLE IF NOT EXISTS follower_profile (
    account       VARCHAR(64)    NOT NULL,
    openid        VARCHAR(64)    NOT NULL,
    unionid       VARCHAR(64)    NOT NULL,
    nickname      VARCHAR(255)   NOT NULL,
    picture       VARCHAR(1024)  NOT NULL,
    profile_at    BIGINT         NOT NULL,
    key_id        VARCHAR(32)    NOT NULL,
    access        VARBINARY(2048) NOT NULL,
    refresh       VARBINARY(2048) NOT NULL,
    access_until  BIGINT         NOT NULL,
    refresh_until BIGINT         NOT NULL,
    PRIMARY KEY (account, openid)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_bin;

-- +goose Down
DROP TABLE IF EXISTS follower_profile;
