package sqldb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jmoiron/sqlx"
)

// meter counts the statements that a store sends to its database, savepoints
// included, transactions' own BEGIN and COMMIT not (PERF-1).
type meter struct {
	sent     atomic.Int64
	orders   atomic.Int64 // those of sent that are on the tables of orders and jobs
	answered atomic.Int64 // when the latest of those began that were answered well, in Unix nanoseconds
}

// answeredSince reports whether a statement was answered that began at most so long ago.
func (s *meter) answeredSince(age time.Duration) bool {
	return time.Now().UnixNano()-s.answered.Load() <= int64(age)
}

// note counts a statement that began at a time, and has ended.
func (s *meter) note(query string, began time.Time, err error) {
	s.sent.Add(1)
	if OfOrders(query) {
		s.orders.Add(1)
	}
	if err != nil {
		return
	}
	for at := began.UnixNano(); ; {
		if latest := s.answered.Load(); latest >= at || s.answered.CompareAndSwap(latest, at) {
			return
		}
	}
}

// headOfStatement is how much of a statement tells its table: an INSERT of many rows is
// long.
const headOfStatement = 256

// OfOrders reports whether a statement is on a table of orders and their jobs.
func OfOrders(query string) bool {
	head := query[:min(len(query), headOfStatement)]
	return strings.Contains(head, " order") || strings.Contains(head, " outbox") || strings.Contains(head, " dead_letter")
}

// open opens a pool whose statements are counted. It does not connect.
func (s *meter) open(name string, c driver.Connector) *sqlx.DB {
	return sqlx.NewDb(sql.OpenDB(countingConnector{c, s}), name)
}

// connectorOf makes a connector of a registered driver.
func connectorOf(name, dsn string) (driver.Connector, error) {
	plain, err := sql.Open(name, dsn)
	if err != nil {
		return nil, err
	}
	d := plain.Driver()
	if err := plain.Close(); err != nil { // nothing was connected
		return nil, err
	}
	if with, ok := d.(driver.DriverContext); ok {
		return with.OpenConnector(dsn)
	}
	return dsnConnector{d, dsn}, nil
}

// dsnConnector is a connector for a driver that has none.
type dsnConnector struct {
	driver driver.Driver
	dsn    string
}

// Connect implements driver.Connector.
func (c dsnConnector) Connect(context.Context) (driver.Conn, error) { return c.driver.Open(c.dsn) }

// Driver implements driver.Connector.
func (c dsnConnector) Driver() driver.Driver { return c.driver }

type countingConnector struct {
	driver.Connector
	count *meter
}

// Connect implements driver.Connector.
func (c countingConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	full, ok := conn.(fullConn)
	if !ok {
		return conn, nil // it would lose what it can do; TestStatementsAreCounted notices
	}
	return &countingConn{full, c.count}, nil
}

// fullConn is what both drivers' connections can do and database/sql asks for.
type fullConn interface {
	driver.Conn
	driver.ConnPrepareContext
	driver.ConnBeginTx
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

type countingConn struct {
	fullConn
	count *meter
}

// ExecContext implements driver.ExecerContext.
func (c *countingConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	began := time.Now()
	res, err := c.fullConn.ExecContext(ctx, query, args)
	c.count.note(query, began, err)
	return res, err
}

// QueryContext implements driver.QueryerContext.
func (c *countingConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	began := time.Now()
	rows, err := c.fullConn.QueryContext(ctx, query, args)
	c.count.note(query, began, err)
	return rows, err
}

// CheckNamedValue implements driver.NamedValueChecker.
func (c *countingConn) CheckNamedValue(v *driver.NamedValue) error {
	if own, ok := c.fullConn.(driver.NamedValueChecker); ok {
		return own.CheckNamedValue(v)
	}
	return driver.ErrSkip
}
