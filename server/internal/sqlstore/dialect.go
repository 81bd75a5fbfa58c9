package sqlstore

import "strings"

// The database engines.
const (
	SQLite = "sqlite"
	MySQL  = "mysql"
)

// dialect is what differs between the engines in the statements of this
// package. Everything else is written once, with ? as placeholder in both.
type dialect struct {
	name string
	// now is the database's clock in milliseconds since 1970.
	now string
}

var (
	sqliteDialect = dialect{name: SQLite, now: "CAST(unixepoch('subsec') * 1000 AS INTEGER)"}
	mysqlDialect  = dialect{name: MySQL, now: "CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)"}
)

// insert is an INSERT of one row.
func (d dialect) insert(table string, columns ...string) string {
	return d.insertRows(1, table, columns...)
}

// insertRows is an INSERT of so many rows.
func (dialect) insertRows(rows int, table string, columns ...string) string {
	row := "(?" + strings.Repeat(", ?", len(columns)-1) + ")"
	return "INSERT INTO " + table + " (" + strings.Join(columns, ", ") + ") VALUES " + row + strings.Repeat(", "+row, rows-1)
}

// insertNew is an INSERT that leaves a row with the same unique key alone and
// then affects no row. key is a column that the statement may name harmlessly.
func (d dialect) insertNew(table, key string, columns ...string) string {
	return d.insertNewRows(1, table, key, columns...)
}

// insertNewRows is insertNew of so many rows: it affects as many as were new.
func (d dialect) insertNewRows(rows int, table, key string, columns ...string) string {
	insert := d.insertRows(rows, table, columns...)
	if d.name == MySQL { // not INSERT IGNORE, which hides other errors too
		return insert + " ON DUPLICATE KEY UPDATE " + key + " = " + table + "." + key
	}
	return insert + " ON CONFLICT DO NOTHING"
}

// upsert is an INSERT that replaces the named columns of a row with the same key.
func (d dialect) upsert(table string, key, replaced, columns []string) string {
	var b strings.Builder
	b.WriteString(d.insert(table, columns...))
	alias := "excluded"
	if d.name == MySQL {
		alias = "fresh"
		b.WriteString(" AS fresh ON DUPLICATE KEY UPDATE ")
	} else {
		b.WriteString(" ON CONFLICT (" + strings.Join(key, ", ") + ") DO UPDATE SET ")
	}
	for i, c := range replaced {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(c + " = " + alias + "." + c)
	}
	return b.String()
}
