-- +goose Up
-- Custom menus as they are to be: an account's in menu, its buttons in menu_struct. place is
-- 10 for the first button, 11 for the first one below it. seeded_at is in milliseconds since 1970.
CREATE TABLE IF NOT EXISTS menu (
    account       VARCHAR(64)   NOT NULL,
    seeded_at    BIGINT        NOT NULL,
    PRIMARY KEY (account)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_bin;
CREATE TABLE IF NOT EXISTS menu_struct (
    account       VARCHAR(64)   NOT NULL,
    place         INT           NOT NULL,
    name          VARCHAR(64)   NOT NULL,
    kind          VARCHAR(32)   NOT NULL,
    event_key     VARCHAR(128)  NOT NULL,
    url           VARCHAR(1024) NOT NULL,
    media_id      VARCHAR(255)  NOT NULL,
    app_id        VARCHAR(64)   NOT NULL,
    page_path     VARCHAR(1024) NOT NULL,
    article_id    VARCHAR(255)  NOT NULL,
    PRIMARY KEY (account, place)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_bin;

-- +goose Down
DROP TABLE IF EXISTS menu_struct;
DROP TABLE IF EXISTS menu;
