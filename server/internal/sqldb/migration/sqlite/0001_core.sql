-- +goose Up
CREATE TABLE bind (
    account    TEXT    NOT NULL,
    openid     TEXT    NOT NULL,
    phone      TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (account, openid)
) WITHOUT ROWID;

CREATE TABLE business (
    account   TEXT NOT NULL,
    code      TEXT NOT NULL,
    kind      TEXT NOT NULL,
    name      TEXT NOT NULL,
    menu_key  TEXT NOT NULL,
    operation TEXT NOT NULL,
    product   TEXT NOT NULL,
    PRIMARY KEY (account, code)
) WITHOUT ROWID;

CREATE TABLE business_command (
    account  TEXT    NOT NULL,
    code     TEXT    NOT NULL,
    position INTEGER NOT NULL,
    command  TEXT    NOT NULL,
    PRIMARY KEY (account, code, position)
) WITHOUT ROWID;

CREATE TABLE autoreply (
    account   TEXT    NOT NULL,
    keyword   TEXT    NOT NULL,
    match_how TEXT    NOT NULL,
    hidden    INTEGER NOT NULL,
    PRIMARY KEY (account, keyword, match_how)
) WITHOUT ROWID;

CREATE TABLE autoreply_content (
    account   TEXT    NOT NULL,
    keyword   TEXT    NOT NULL,
    match_how TEXT    NOT NULL,
    position  INTEGER NOT NULL,
    content   TEXT    NOT NULL,
    PRIMARY KEY (account, keyword, match_how, position)
) WITHOUT ROWID;

CREATE TABLE message_reply (
    account    TEXT    NOT NULL,
    msg_key    TEXT    NOT NULL,
    content    TEXT    NOT NULL,
    later      INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (account, msg_key)
) WITHOUT ROWID;

-- settled is 1 once the order is finished and its follower told.
CREATE TABLE orders (
    serial      TEXT    NOT NULL PRIMARY KEY,
    account     TEXT    NOT NULL,
    openid      TEXT    NOT NULL,
    phone       TEXT    NOT NULL,
    code        TEXT    NOT NULL,
    product     TEXT    NOT NULL,
    name        TEXT    NOT NULL,
    msg_key     TEXT    NOT NULL,
    state       TEXT    NOT NULL,
    reason      TEXT    NOT NULL,
    attempts    INTEGER NOT NULL,
    version     INTEGER NOT NULL,
    lease_until INTEGER NOT NULL,
    told        TEXT    NOT NULL,
    settled     INTEGER NOT NULL,
    progress_at INTEGER NOT NULL,
    created_at  INTEGER NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX orders_message ON orders (account, msg_key);
CREATE INDEX orders_progress ON orders (settled, progress_at);

CREATE TABLE outbox (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    job_key    TEXT    NOT NULL,
    queue      TEXT    NOT NULL,
    kind       TEXT    NOT NULL,
    payload    TEXT    NOT NULL,
    created_at INTEGER NOT NULL
);
CREATE UNIQUE INDEX outbox_key ON outbox (job_key);
CREATE INDEX outbox_queue ON outbox (queue, id);

CREATE TABLE dead_letter (
    id         INTEGER PRIMARY KEY,
    job_key    TEXT    NOT NULL,
    kind       TEXT    NOT NULL,
    payload    TEXT    NOT NULL,
    attempts   INTEGER NOT NULL,
    reason     TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    buried_at  INTEGER NOT NULL
);

-- +goose Down
DROP TABLE dead_letter;
DROP TABLE outbox;
DROP TABLE orders;
DROP TABLE message_reply;
DROP TABLE autoreply_content;
DROP TABLE autoreply;
DROP TABLE business_command;
DROP TABLE business;
DROP TABLE bind;
