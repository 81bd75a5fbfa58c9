package sqldb

import "strings"

// The database engines.
const (
	SQLite = "sqlite"
	MySQL  = "mysql"
)

// Dialect is what differs between the engines in the statements of the stores.
// Everything else is written once, with ? as placeholder in both.
type Dialect struct {
	// Engine is SQLite or MySQL.
	Engine string
	// Now is an expression: the database's clock in milliseconds since 1970.
	Now string
}

var (
	sqliteDialect = Dialect{Engine: SQLite, Now: "CAST(unixepoch('subsec') * 1000 AS INTEGER)"}
	mysqlDialect  = Dialect{Engine: MySQL, Now: "CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)"}
)

// Dialects are those of all engines.
func Dialects() []Dialect { return []Dialect{sqliteDialect, mysqlDialect} }

// Insert is an INSERT of one row.
func (d Dialect) Insert(table string, columns ...string) string {
	return d.InsertRows(1, table, columns...)
}

// InsertRows is an INSERT of so many rows.
func (Dialect) InsertRows(rows int, table string, columns ...string) string {
	row := "(?" + strings.Repeat(", ?", len(columns)-1) + ")"
	return "INSERT INTO " + table + " (" + strings.Join(columns, ", ") + ") VALUES " + row + strings.Repeat(", "+row, rows-1)
}

// InsertNew is an INSERT that leaves a row with the same unique key alone and
// then affects no row. key is a column that the statement may name harmlessly.
func (d Dialect) InsertNew(table, key string, columns ...string) string {
	return d.InsertNewRows(1, table, key, columns...)
}

// InsertNewRows is InsertNew of so many rows: it affects as many as were new.
func (d Dialect) InsertNewRows(rows int, table, key string, columns ...string) string {
	insert := d.InsertRows(rows, table, columns...)
	if d.Engine == MySQL { // not INSERT IGNORE, which hides other errors too
		return insert + " ON DUPLICATE KEY UPDATE " + key + " = " + table + "." + key
	}
	return insert + " ON CONFLICT DO NOTHING"
}

// Stamped makes the database's clock the last value of each row of an INSERT: what is
// deleted by its age is not to have its age from the clock of a server.
func (d Dialect) Stamped(insert string) string {
	return strings.ReplaceAll(insert, ", ?)", ", "+d.Now+")")
}

// Lock ends a SELECT of one table whose rows stay locked to the end of the transaction. SQLite has
// one writer, to which all rows belong.
func (d Dialect) Lock() string {
	if d.Engine == MySQL {
		return " FOR UPDATE"
	}
	return ""
}

// LockFree is Lock for the rows of one table of a join, and passes over rows that another
// transaction has locked.
func (d Dialect) LockFree(table string) string {
	if d.Engine == MySQL {
		return " FOR UPDATE OF " + table + " SKIP LOCKED"
	}
	return ""
}

// Upsert is an INSERT that replaces the named columns of a row with the same key.
func (d Dialect) Upsert(table string, key, replaced, columns []string) string {
	var b strings.Builder
	b.WriteString(d.Insert(table, columns...))
	alias := "excluded"
	if d.Engine == MySQL {
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
