-- +goose Up
-- Red packets of mobile data. Times are in milliseconds since 1970, amounts in units of 1 MB.
-- Every movement takes its units out of one book and puts them into another one: issued,
-- balance, packet, redeeming, redeemed.
CREATE TABLE packet_balance (
    account TEXT    NOT NULL,
    openid  TEXT    NOT NULL,
    units   INTEGER NOT NULL CHECK (units >= 0),
    PRIMARY KEY (account, openid)
) WITHOUT ROWID;

-- What is left in a packet is stored nowhere: it is the sum of its shares without a taker.
CREATE TABLE packet (
    id         TEXT    NOT NULL,
    account    TEXT    NOT NULL,
    sender     TEXT    NOT NULL,
    serial     TEXT    NOT NULL,
    split      TEXT    NOT NULL,
    units      INTEGER NOT NULL CHECK (units > 0),
    shares     INTEGER NOT NULL CHECK (shares > 0),
    taker      TEXT    NOT NULL,
    wish       TEXT    NOT NULL,
    ended_at   INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    ends_at    INTEGER NOT NULL,
    PRIMARY KEY (id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX packet_serial ON packet (account, sender, serial);
CREATE INDEX packet_due ON packet (ended_at, ends_at);

-- A share with an openid is the movement from the packet to that follower's balance.
CREATE TABLE packet_share (
    packet_id TEXT    NOT NULL,
    position  INTEGER NOT NULL,
    account   TEXT    NOT NULL,
    openid    TEXT,
    units     INTEGER NOT NULL CHECK (units >= 0),
    taken_at  INTEGER NOT NULL,
    PRIMARY KEY (packet_id, position)
) WITHOUT ROWID;
CREATE UNIQUE INDEX packet_share_once ON packet_share (packet_id, openid);
CREATE INDEX packet_share_taker ON packet_share (account, openid, taken_at);

-- The other movements, each by a follower or for one, once for each serial.
CREATE TABLE packet_movement (
    account   TEXT    NOT NULL,
    openid    TEXT    NOT NULL,
    serial    TEXT    NOT NULL,
    out_of    TEXT    NOT NULL,
    into_book TEXT    NOT NULL,
    units     INTEGER NOT NULL CHECK (units > 0),
    packet_id TEXT    NOT NULL,
    moved_at  INTEGER NOT NULL,
    PRIMARY KEY (account, openid, serial)
) WITHOUT ROWID;
CREATE INDEX packet_movement_time ON packet_movement (account, openid, moved_at);

-- The ledger: two entries for each movement, which sum to 0.
CREATE VIEW packet_entry AS
    SELECT account, openid, out_of AS book, -units AS units, packet_id, moved_at FROM packet_movement
    UNION ALL
    SELECT account, openid, into_book, units, packet_id, moved_at FROM packet_movement
    UNION ALL
    SELECT account, openid, 'packet', -units, packet_id, taken_at FROM packet_share WHERE openid IS NOT NULL
    UNION ALL
    SELECT account, openid, 'balance', units, packet_id, taken_at FROM packet_share WHERE openid IS NOT NULL;

-- Conservation (CAM-5): missing is 0 in every snapshot.
CREATE VIEW packet_books AS
    SELECT issued, balances, packets, redeeming, redeemed, issued - balances - packets - redeeming - redeemed AS missing
    FROM (
        SELECT
            (SELECT COALESCE(SUM(units), 0) FROM packet_movement WHERE out_of = 'issued') AS issued,
            (SELECT COALESCE(SUM(units), 0) FROM packet_balance) AS balances,
            (SELECT COALESCE(SUM(units), 0) FROM packet_share WHERE openid IS NULL) AS packets,
            (SELECT COALESCE(SUM(CASE WHEN into_book = 'redeeming' THEN units WHEN out_of = 'redeeming' THEN -units ELSE 0 END), 0) FROM packet_movement) AS redeeming,
            (SELECT COALESCE(SUM(units), 0) FROM packet_movement WHERE into_book = 'redeemed') AS redeemed
    ) AS sums;

-- +goose Down
DROP VIEW packet_books;
DROP VIEW packet_entry;
DROP TABLE packet_movement;
DROP TABLE packet_share;
DROP TABLE packet;
DROP TABLE packet_balance;
