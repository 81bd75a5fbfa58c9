-- +goose Up
-- Red packets of mobile data. Times are in milliseconds since 1970, amounts in units of 1 MB.
-- Every movement takes its units out of one book and puts them into another one: issued,
-- balance, packet, redeeming, redeemed.
CREATE TABLE IF NOT EXISTS packet_balance (
    account VARCHAR(64) NOT NULL,
    openid  VARCHAR(64) NOT NULL,
    units   BIGINT NOT NULL CHECK (units >= 0),
    PRIMARY KEY (account, openid)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_bin;

-- What is left in a packet is stored nowhere: it is the sum of its shares without a taker.
CREATE TABLE IF NOT EXISTS packet (
    id         VARCHAR(32) NOT NULL,
    account    VARCHAR(64) NOT NULL,
    sender     VARCHAR(64) NOT NULL,
    serial     VARCHAR(96) NOT NULL,
    split      VARCHAR(16) NOT NULL,
    units      BIGINT NOT NULL CHECK (units > 0),
    shares     INT NOT NULL CHECK (shares > 0),
    taker      VARCHAR(64) NOT NULL,
    wish       VARCHAR(128) NOT NULL,
    ended_at   BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    ends_at    BIGINT NOT NULL,
    PRIMARY KEY (id),
    UNIQUE INDEX packet_serial (account, sender, serial),
    INDEX packet_due (ended_at, ends_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_bin;

-- A share with an openid is the movement from the packet to that follower's balance.
CREATE TABLE IF NOT EXISTS packet_share (
    packet_id VARCHAR(32) NOT NULL,
    position  INT NOT NULL,
    account   VARCHAR(64) NOT NULL,
    openid    VARCHAR(64) NULL,
    units     BIGINT NOT NULL CHECK (units >= 0),
    taken_at  BIGINT NOT NULL,
    PRIMARY KEY (packet_id, position),
    UNIQUE INDEX packet_share_once (packet_id, openid),
    INDEX packet_share_taker (account, openid, taken_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_bin;

-- The other movements, each by a follower or for one, once for each serial.
CREATE TABLE IF NOT EXISTS packet_movement (
    account   VARCHAR(64) NOT NULL,
    openid    VARCHAR(64) NOT NULL,
    serial    VARCHAR(96) NOT NULL,
    out_of    VARCHAR(16) NOT NULL,
    into_book VARCHAR(16) NOT NULL,
    units     BIGINT NOT NULL CHECK (units > 0),
    packet_id VARCHAR(32) NOT NULL,
    moved_at  BIGINT NOT NULL,
    PRIMARY KEY (account, openid, serial),
    INDEX packet_movement_time (account, openid, moved_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_bin;

-- The ledger: two entries for each movement, which sum to 0.
CREATE OR REPLACE VIEW packet_entry AS
    SELECT account, openid, out_of AS book, -units AS units, packet_id, moved_at FROM packet_movement
    UNION ALL
    SELECT account, openid, into_book, units, packet_id, moved_at FROM packet_movement
    UNION ALL
    SELECT account, openid, 'packet', -units, packet_id, taken_at FROM packet_share WHERE openid IS NOT NULL
    UNION ALL
    SELECT account, openid, 'balance', units, packet_id, taken_at FROM packet_share WHERE openid IS NOT NULL;

-- Conservation (CAM-5): missing is 0 in every snapshot.
CREATE OR REPLACE VIEW packet_books AS
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
DROP VIEW IF EXISTS packet_books;
DROP VIEW IF EXISTS packet_entry;
DROP TABLE IF EXISTS packet_movement;
DROP TABLE IF EXISTS packet_share;
DROP TABLE IF EXISTS packet;
DROP TABLE IF EXISTS packet_balance;
