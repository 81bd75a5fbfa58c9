-- +goose Up
-- A row names the state of what servers keep copies of: a transaction that changes
-- such data sets another random name. A copy counts for the name that it was read
-- under, in this database only. It takes the place of bind_change.
CREATE TABLE IF NOT EXISTS data_change (
    topic       VARCHAR(32)   NOT NULL PRIMARY KEY,
    generation  VARCHAR(64)   NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_bin;
INSERT INTO data_change (topic, generation) VALUES ('bindings', UUID()), ('business', UUID()), ('keywords', UUID())
    ON DUPLICATE KEY UPDATE topic = data_change.topic;
DROP TABLE IF EXISTS bind_change;

-- +goose Down
CREATE TABLE IF NOT EXISTS bind_change (
    id          INT           NOT NULL PRIMARY KEY,
    generation  VARCHAR(64)   NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_bin;
INSERT INTO bind_change (id, generation) VALUES (1, UUID()) ON DUPLICATE KEY UPDATE id = bind_change.id;
DROP TABLE IF EXISTS data_change;
