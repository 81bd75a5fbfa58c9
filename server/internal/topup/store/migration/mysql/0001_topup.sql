-- +goose Up
-- Top-ups that followers pay. Times are in milliseconds since 1970, money in fen. serial is the
-- number at Pay, at the carrier and towards the follower. next_at is when the next step is due, 0
-- for none.
CREATE TABLE IF NOT EXISTS topup (
    serial         VARCHAR(32)  NOT NULL,
    account        VARCHAR(64)  NOT NULL,
    openid         VARCHAR(64)  NOT NULL,
    phone          VARCHAR(32)  NOT NULL,
    request_key    VARCHAR(64)  NOT NULL,
    fen            BIGINT       NOT NULL CHECK (fen > 0),
    state          VARCHAR(16)  NOT NULL,
    transaction_id VARCHAR(64)  NOT NULL,
    reason         VARCHAR(512) NOT NULL,
    tries          BIGINT       NOT NULL,
    created_at     BIGINT       NOT NULL,
    expires_at     BIGINT       NOT NULL,
    next_at        BIGINT       NOT NULL,
    PRIMARY KEY (serial),
    UNIQUE INDEX topup_request (request_key, openid, account),
    INDEX topup_due (next_at),
    INDEX topup_own (openid, account, created_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_bin;

-- Every movement takes its fen out of one book and puts them into another one: payer, open, done,
-- refunded. The key lets the money of a top-up leave each book once.
CREATE TABLE IF NOT EXISTS topup_movement (
    serial    VARCHAR(32) NOT NULL,
    out_of    VARCHAR(16) NOT NULL,
    into_book VARCHAR(16) NOT NULL,
    fen       BIGINT      NOT NULL CHECK (fen > 0),
    moved_at  BIGINT      NOT NULL,
    PRIMARY KEY (serial, out_of)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_bin;

-- The ledger: two entries for each movement, which sum to 0.
CREATE OR REPLACE VIEW topup_entry AS
    SELECT serial, out_of AS book, -fen AS fen, moved_at FROM topup_movement
    UNION ALL
    SELECT serial, into_book, fen, moved_at FROM topup_movement;

-- Conservation (BIZ-8): money in = top-ups done + refunds + open, so missing is 0 in every snapshot.
-- What is open is counted from the top-ups, the rest from the movements.
CREATE OR REPLACE VIEW topup_books AS
    SELECT money_in, done, refunded, still_open, money_in - done - refunded - still_open AS missing
    FROM (
        SELECT
            (SELECT COALESCE(SUM(fen), 0) FROM topup_movement WHERE out_of = 'payer') AS money_in,
            (SELECT COALESCE(SUM(fen), 0) FROM topup_movement WHERE into_book = 'done') AS done,
            (SELECT COALESCE(SUM(fen), 0) FROM topup_movement WHERE into_book = 'refunded') AS refunded,
            (SELECT COALESCE(SUM(fen), 0) FROM topup WHERE state IN ('paid', 'sent', 'refunding')) AS still_open
    ) AS sums;

-- +goose Down
DROP VIEW IF EXISTS topup_books;
DROP VIEW IF EXISTS topup_entry;
DROP TABLE IF EXISTS topup_movement;
DROP TABLE IF EXISTS topup;
