-- +goose Up
-- A row names the state of what servers keep copies of: a transaction that changes
-- such data sets another random name. A copy counts for the name that it was read
-- under, in this database only. It takes the place of bind_change.
CREATE TABLE data_change (
    topic      TEXT NOT NULL PRIMARY KEY,
    generation TEXT NOT NULL
);
INSERT INTO data_change (topic, generation)
    VALUES ('bindings', hex(randomblob(16))), ('business', hex(randomblob(16))), ('keywords', hex(randomblob(16)));
DROP TABLE bind_change;

-- +goose Down
CREATE TABLE bind_change (
    id         INTEGER NOT NULL PRIMARY KEY,
    generation TEXT    NOT NULL
);
INSERT INTO bind_change (id, generation) VALUES (1, hex(randomblob(16)));
DROP TABLE data_change;
