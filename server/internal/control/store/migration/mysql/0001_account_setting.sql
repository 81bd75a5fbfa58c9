-- +goose Up
-- The settings of an account as a JSON object, and what was replaced of them lately.
-- Times are milliseconds by the database's clock.
CREATE TABLE IF NOT EXISTS account_setting (
    account    VARCHAR(64) NOT NULL PRIMARY KEY,
    settings   MEDIUMTEXT  NOT NULL,
    version    BIGINT      NOT NULL,
    changed_at BIGINT      NOT NULL,
    changed_by VARCHAR(64) NOT NULL,
    INDEX account_setting_changed (changed_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_bin;
CREATE TABLE IF NOT EXISTS account_setting_past (
    account     VARCHAR(64) NOT NULL,
    replaced_at BIGINT      NOT NULL,
    settings    MEDIUMTEXT  NOT NULL,
    PRIMARY KEY (account, replaced_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_bin;
INSERT INTO data_change (topic, generation) VALUES ('settings', UUID())
    ON DUPLICATE KEY UPDATE topic = data_change.topic;

-- +goose Down
DELETE FROM data_change WHERE topic = 'settings';
DROP TABLE IF EXISTS account_setting_past;
DROP TABLE IF EXISTS account_setting;
