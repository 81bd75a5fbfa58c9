-- +goose Up
-- Whose bindings were changed, in the order of the commits: the transaction holds the row
-- of the topic from before its first change. An empty openid stands for all. The row
-- database of data_change names this database: the numbers of another one mean other
-- changes.
CREATE TABLE IF NOT EXISTS binding_change (
    seq      BIGINT       NOT NULL AUTO_INCREMENT PRIMARY KEY,
    account  VARCHAR(64)  NOT NULL,
    openid   VARCHAR(64)  NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_bin;
INSERT INTO data_change (topic, generation) VALUES ('database', UUID()) ON DUPLICATE KEY UPDATE topic = data_change.topic;

-- +goose Down
DROP TABLE IF EXISTS binding_change;
DELETE FROM data_change WHERE topic = 'database';
