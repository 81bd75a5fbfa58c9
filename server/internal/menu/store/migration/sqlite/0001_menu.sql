-- +goose Up
-- Custom menus as they are to be: an account's in menu, its buttons in menu_struct. place is
-- 10 for the first button, 11 for the first one below it. seeded_at is in milliseconds since 1970.
CREATE TABLE menu (
    account       TEXT    NOT NULL,
    seeded_at    INTEGER NOT NULL,
    PRIMARY KEY (account)
) WITHOUT ROWID;
CREATE TABLE menu_struct (
    account       TEXT    NOT NULL,
    place         INTEGER NOT NULL,
    name          TEXT    NOT NULL,
    kind          TEXT    NOT NULL,
    event_key     TEXT    NOT NULL,
    url           TEXT    NOT NULL,
    media_id      TEXT    NOT NULL,
    app_id        TEXT    NOT NULL,
    page_path     TEXT    NOT NULL,
    article_id    TEXT    NOT NULL,
    PRIMARY KEY (account, place)
) WITHOUT ROWID;

-- +goose Down
DROP TABLE menu_struct;
DROP TABLE menu;
