-- +goose Up
-- Top-ups that followers pay. Times are in milliseconds since 1970, money in fen. serial is the
-- number at Pay, at the carrier and towards the follower. next_at is when the next step is due, 0
-- for none.
CREATE TABLE topup (
    serial         TEXT    NOT NULL,
    account        TEXT    NOT NULL,
    openid         TEXT    NOT NULL,
    phone          TEXT    NOT NULL,
    request_key    TEXT    NOT NULL,
    fen            INTEGER NOT NULL CHECK (fen > 0),
    state          TEXT    NOT NULL,
    transaction_id TEXT    NOT NULL,
    reason         TEXT    NOT NULL,
    tries          INTEGER NOT NULL,
    created_at     INTEGER NOT NULL,
    expires_at     INTEGER NOT NULL,
    next_at        INTEGER NOT NULL,
    PRIMARY KEY (serial)
) WITHOUT ROWID;
CREATE UNIQUE INDEX topup_request ON topup (request_key, openid, account);
CREATE INDEX topup_due ON topup (next_at);
CREATE INDEX topup_own ON topup (openid, account, created_at);

-- Every movement takes its fen out of one book and puts them into another one: payer, open, done,
-- refunded. The key lets the money of a top-up leave each book once.
CREATE TABLE topup_movement (
    serial    TEXT    NOT NULL,
    out_of    TEXT    NOT NULL,
    into_book TEXT    NOT NULL,
    fen       INTEGER NOT NULL CHECK (fen > 0),
    moved_at  INTEGER NOT NULL,
    PRIMARY KEY (serial, out_of)
) WITHOUT ROWID;

-- The ledger: two entries for each movement, which sum to 0.
CREATE VIEW topup_entry AS
    SELECT serial, out_of AS book, -fen AS fen, moved_at FROM topup_movement
    UNION ALL
    SELECT serial, into_book, fen, moved_at FROM topup_movement;

-- Conservation (BIZ-8): money in = top-ups done + refunds + open, so missing is 0 in every snapshot.
-- What is open is counted from the top-ups, the rest from the movements.
CREATE VIEW topup_books AS
    SELECT money_in, done, refunded, still_open, money_in - done - refunded - still_open AS missing
    FROM (
        SELECT
            (SELECT COALESCE(SUM(fen), 0) FROM topup_movement WHERE out_of = 'payer') AS money_in,
            (SELECT COALESCE(SUM(fen), 0) FROM topup_movement WHERE into_book = 'done') AS done,
            (SELECT COALESCE(SUM(fen), 0) FROM topup_movement WHERE into_book = 'refunded') AS refunded,
            (SELECT COALESCE(SUM(fen), 0) FROM topup WHERE state IN ('paid', 'sent', 'refunding')) AS still_open
    ) AS sums;

-- +goose Down
DROP VIEW topup_books;
DROP VIEW topup_entry;
DROP TABLE topup_movement;
DROP TABLE topup;
