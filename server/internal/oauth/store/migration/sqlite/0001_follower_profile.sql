-- +goose Up
-- Followers who let an account see their profile. The tokens are sealed under key_id; times
-- are in milliseconds since 1970.
CREATE TABLE follower_profile (
    account       TEXT    NOT NULL,
    openid        TEXT    NOT NULL,
    unionid       TEXT    NOT NULL,
    nickname      TEXT    NOT NULL,
    picture       TEXT    NOT NULL,
    profile_at    INTEGER NOT NULL,
    key_id        TEXT    NOT NULL,
    access        BLOB    NOT NULL,
    refresh       BLOB    NOT NULL,
    access_until  INTEGER NOT NULL,
    refresh_until INTEGER NOT NULL,
    PRIMARY KEY (account, openid)
) WITHOUT ROWID;

-- +goose Down
DROP TABLE follower_profile;
