-- +goose Up
-- The settings of an account as a JSON object, and what was replaced of them lately.
-- Times are milliseconds by the database's clock.
CREATE TABLE account_setting (
    account    TEXT    NOT NULL PRIMARY KEY,
    settings   TEXT    NOT NULL,
    version    INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    changed_by TEXT    NOT NULL
) WITHOUT ROWID;
CREATE INDEX account_setting_changed ON account_setting (changed_at);
CREATE TABLE account_setting_past (
    account     TEXT    NOT NULL,
    replaced_at INTEGER NOT NULL,
    settings    TEXT    NOT NULL,
    PRIMARY KEY (account, replaced_at)
) WITHOUT ROWID;
INSERT INTO data_change (topic, generation) VALUES ('settings', hex(randomblob(16)));

-- +goose Down
DELETE FROM data_change WHERE topic = 'settings';
DROP TABLE account_setting_past;
DROP TABLE account_setting;
