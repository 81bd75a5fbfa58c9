-- +goose Up
-- The one row names the state of table bind: a transaction that changes a
-- binding sets another random name. What is cached or in a filter counts for
-- the name that it was read under, in this database only.
CREATE TABLE IF NOT EXISTS bind_change (
    id          INT           NOT NULL PRIMARY KEY,
    generation  VARCHAR(64)   NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_bin;
INSERT INTO bind_change (id, generation) VALUES (1, UUID()) ON DUPLICATE KEY UPDATE id = bind_change.id;

-- +goose Down
DROP TABLE IF EXISTS bind_change;
