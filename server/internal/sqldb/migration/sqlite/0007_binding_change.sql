-- +goose Up
-- Whose bindings were changed, in the order of the commits. An empty openid stands for
-- all. The row database of data_change names this database: the numbers of another one
-- mean other changes.
CREATE TABLE binding_change (
    seq      INTEGER PRIMARY KEY AUTOINCREMENT,
    account  TEXT    NOT NULL,
    openid   TEXT    NOT NULL
);
INSERT INTO data_change (topic, generation) VALUES ('database', hex(randomblob(16)));

-- +goose Down
DROP TABLE binding_change;
DELETE FROM data_change WHERE topic = 'database';
