-- +goose Up
-- The one row names the state of table bind: a transaction that changes a
-- binding sets another random name. What is cached or in a filter counts for
-- the name that it was read under, in this database only.
CREATE TABLE bind_change (
    id         INTEGER NOT NULL PRIMARY KEY,
    generation TEXT    NOT NULL
);
INSERT INTO bind_change (id, generation) VALUES (1, hex(randomblob(16)));

-- +goose Down
DROP TABLE bind_change;
