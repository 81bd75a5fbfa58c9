package sqldb

import (
	"database/sql/driver"
	"errors"

	"github.com/go-sql-driver/mysql"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// ErrOutcomeUnknown says that the connection broke during COMMIT, so that the work
// may be stored or not. A caller that asks again with the same key meets what is there.
var ErrOutcomeUnknown = errors.New("whether it is stored is not known")

// inTheWay reports whether the server has refused a statement because of another
// transaction. Run again, the work may find the way free.
func inTheWay(err error) bool {
	e, ok := errors.AsType[*mysql.MySQLError](err)
	return ok && e.Number == 1213 || LockWaitEnded(err) // a deadlock
}

// LockWaitEnded reports whether a row was locked by another transaction for lockTimeout.
func LockWaitEnded(err error) bool {
	e, ok := errors.AsType[*mysql.MySQLError](err)
	return ok && e.Number == 1205
}

// connectionLost reports whether a work lost its connection before COMMIT: the
// server rolls it back, and another connection may lead to one that lives.
func connectionLost(err error) bool {
	return errors.Is(err, mysql.ErrInvalidConn) || errors.Is(err, driver.ErrBadConn)
}

// Refused reports whether the server has judged the values of a statement. An error about
// the server itself, such as a missing table or a full disk, is no such judgement.
func Refused(err error) bool {
	if e, ok := errors.AsType[*mysql.MySQLError](err); ok {
		class := string(e.SQLState[:2])
		return class == "22" || class == "23" // data exception, integrity
	}
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		switch e.Code() & 0xff {
		case sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_MISMATCH:
			return true
		}
	}
	return false
}
