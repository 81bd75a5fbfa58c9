-- +goose Up
-- What an order asks the carrier for: a product, another main package, or mb of data. effect is
-- when it begins, now or next, the next month. A server from before stores products.
ALTER TABLE orders ADD COLUMN kind TEXT NOT NULL DEFAULT 'product';
ALTER TABLE orders ADD COLUMN effect TEXT NOT NULL DEFAULT '';
ALTER TABLE orders ADD COLUMN mb INTEGER NOT NULL DEFAULT 0;
CREATE INDEX orders_held ON orders (phone, product);
CREATE INDEX orders_own ON orders (openid, created_at);
ALTER TABLE order_archive ADD COLUMN kind TEXT NOT NULL DEFAULT 'product';
ALTER TABLE order_archive ADD COLUMN effect TEXT NOT NULL DEFAULT '';
ALTER TABLE order_archive ADD COLUMN mb INTEGER NOT NULL DEFAULT 0;
CREATE INDEX order_archive_held ON order_archive (phone, product);
-- terms are the price of a business code and on what terms it is taken, as JSON; '' is none.
ALTER TABLE business ADD COLUMN terms TEXT NOT NULL DEFAULT '';
-- The followers of a number are found by it.
CREATE INDEX bind_phone ON bind (phone);

-- The row of a number is locked while an order with terms is judged: one at a time.
CREATE TABLE number_turn (
    phone       TEXT    NOT NULL,
    turn_at     INTEGER NOT NULL,
    PRIMARY KEY (phone)
) WITHOUT ROWID;
CREATE INDEX number_turn_age ON number_turn (turn_at);

-- The page of the catalogue that a follower reads, of which a number is a choice. shown_at is
-- the time of the message msg_key that asked for it, used_key the message whose choice it was.
CREATE TABLE business_page (
    account     TEXT    NOT NULL,
    openid      TEXT    NOT NULL,
    code        TEXT    NOT NULL,
    seen        TEXT    NOT NULL,
    msg_key     TEXT    NOT NULL,
    used_key    TEXT    NOT NULL,
    shown_at    INTEGER NOT NULL,
    PRIMARY KEY (account, openid)
) WITHOUT ROWID;
CREATE INDEX business_page_age ON business_page (shown_at);

-- +goose Down
DROP TABLE business_page;
DROP TABLE number_turn;
DROP INDEX bind_phone;
ALTER TABLE business DROP COLUMN terms;
DROP INDEX order_archive_held;
ALTER TABLE order_archive DROP COLUMN mb;
ALTER TABLE order_archive DROP COLUMN effect;
ALTER TABLE order_archive DROP COLUMN kind;
DROP INDEX orders_own;
DROP INDEX orders_held;
ALTER TABLE orders DROP COLUMN mb;
ALTER TABLE orders DROP COLUMN effect;
ALTER TABLE orders DROP COLUMN kind;
