-- +goose Up
-- What an order asks the carrier for: a product, another main package, or mb of data. effect is
-- when it begins, now or next, the next month. A server from before stores products. MySQL
-- commits each change of a table by itself, and has no ADD that leaves alone what is there.
SET @change = IF(EXISTS (SELECT 1 FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'orders' AND column_name = 'kind'),
    'DO 0', 'ALTER TABLE orders ADD COLUMN kind VARCHAR(16) NOT NULL DEFAULT ''product'', ADD COLUMN effect VARCHAR(8) NOT NULL DEFAULT '''', ADD COLUMN mb BIGINT NOT NULL DEFAULT 0');
PREPARE change_it FROM @change;
EXECUTE change_it;
DEALLOCATE PREPARE change_it;
SET @change = IF(EXISTS (SELECT 1 FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = 'orders' AND index_name = 'orders_held'),
    'DO 0', 'ALTER TABLE orders ADD
    INDEX orders_held (phone, product),
    ADD
    INDEX orders_own (openid, created_at)
');
PREPARE change_it FROM @change;
EXECUTE change_it;
DEALLOCATE PREPARE change_it;
SET @change = IF(EXISTS (SELECT 1 FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'order_archive' AND column_name = 'kind'),
    'DO 0', 'ALTER TABLE order_archive ADD COLUMN kind VARCHAR(16) NOT NULL DEFAULT ''product'', ADD COLUMN effect VARCHAR(8) NOT NULL DEFAULT '''', ADD COLUMN mb BIGINT NOT NULL DEFAULT 0');
PREPARE change_it FROM @change;
EXECUTE change_it;
DEALLOCATE PREPARE change_it;
SET @change = IF(EXISTS (SELECT 1 FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = 'order_archive' AND index_name = 'order_archive_held'),
    'DO 0', 'ALTER TABLE order_archive ADD
    INDEX order_archive_held (phone, product)
');
PREPARE change_it FROM @change;
EXECUTE change_it;
DEALLOCATE PREPARE change_it;
-- terms are the price of a business code and on what terms it is taken, as JSON; '' is none.
SET @change = IF(EXISTS (SELECT 1 FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'business' AND column_name = 'terms'),
    'DO 0', 'ALTER TABLE business ADD COLUMN terms VARCHAR(4096) NOT NULL DEFAULT ''''');
PREPARE change_it FROM @change;
EXECUTE change_it;
DEALLOCATE PREPARE change_it;
-- The followers of a number are found by it.
SET @change = IF(EXISTS (SELECT 1 FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = 'bind' AND index_name = 'bind_phone'),
    'DO 0', 'ALTER TABLE bind ADD
    INDEX bind_phone (phone)
');
PREPARE change_it FROM @change;
EXECUTE change_it;
DEALLOCATE PREPARE change_it;

-- The row of a number is locked while an order with terms is judged: one at a time.
CREATE TABLE IF NOT EXISTS number_turn (
    phone       VARCHAR(32)   NOT NULL,
    turn_at     BIGINT        NOT NULL,
    PRIMARY KEY (phone),
    INDEX number_turn_age (turn_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_bin;

-- The page of the catalogue that a follower reads, of which a number is a choice. shown_at is
-- the time of the message msg_key that asked for it, used_key the message whose choice it was.
CREATE TABLE IF NOT EXISTS business_page (
    account     VARCHAR(64)   NOT NULL,
    openid      VARCHAR(64)   NOT NULL,
    code        VARCHAR(64)   NOT NULL,
    seen        VARCHAR(64)   NOT NULL,
    msg_key     VARCHAR(160)  NOT NULL,
    used_key    VARCHAR(160)  NOT NULL,
    shown_at    BIGINT        NOT NULL,
    PRIMARY KEY (account, openid),
    INDEX business_page_age (shown_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_bin;

-- +goose Down
DROP TABLE IF EXISTS business_page;
DROP TABLE IF EXISTS number_turn;
ALTER TABLE bind
DROP INDEX bind_phone;
ALTER TABLE business DROP COLUMN terms;
ALTER TABLE order_archive
DROP INDEX order_archive_held;
ALTER TABLE order_archive DROP COLUMN kind, DROP COLUMN effect, DROP COLUMN mb;
ALTER TABLE orders
DROP INDEX orders_own;
ALTER TABLE orders
DROP INDEX orders_held;
ALTER TABLE orders DROP COLUMN kind, DROP COLUMN effect, DROP COLUMN mb;
