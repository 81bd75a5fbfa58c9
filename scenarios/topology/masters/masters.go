// Package masters owns how the harness looks at a pair of MySQL masters: whether each
// replicates from the other, canary rows that are written through the virtual
// addresses, and what both hold in the end (SCN-3). It shares nothing with
// the server's client.
package masters

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/go-sql-driver/mysql"

	"oalab/scenarios/history"
)

// Times of a connection: those of the product (server/internal/sqldb), for a canary
// is to meet what a server meets.
const (
	DialTimeout = 250 * time.Millisecond
	IOTimeout   = 2 * time.Second
)

// Times of a connection that looks at a master from beside: nothing is measured by them,
// and a machine that is full answers late.
const (
	adminDialTimeout = 2 * time.Second
	adminIOTimeout   = 15 * time.Second
)

// Port of MySQL.
const Port = "3306"

// Admin is the user that reads the masters at their own addresses. A group's writers
// are named as the group is; passwords are equal to names.
const Admin = "app"

// Database is the database of a group.
func Database(group string) string {
	if group == history.GroupCore {
		return "oalab"
	}
	return "oalab_" + group
}

// Pair is two masters. Close it.
type Pair struct {
	hosts  []master
	groups map[string]*sql.DB // by the virtual address, as a writer
}

type master struct {
	name string
	db   *sql.DB
}

// Host is one master: its name, and its own address.
type Host struct{ Name, Addr string }

// Open makes a client of two masters and of the virtual address of each group. It
// connects to nothing yet.
func Open(hosts []Host, homes map[string]string) (*Pair, error) {
	p := &Pair{groups: map[string]*sql.DB{}}
	for _, h := range hosts {
		db, err := open(Admin, h.Addr, "", adminDialTimeout, adminIOTimeout)
		if err != nil {
			return nil, err
		}
		p.hosts = append(p.hosts, master{h.Name, db})
	}
	for group, addr := range homes {
		db, err := open(group, addr, Database(group), DialTimeout, IOTimeout)
		if err != nil {
			return nil, errors.Join(err, p.Close())
		}
		p.groups[group] = db
	}
	return p, nil
}

// idle is how many connections wait for the next canary. Each that leads to a master
// that is gone costs one row.
const idle = 2

func open(user, addr, database string, dial, io time.Duration) (*sql.DB, error) {
	cfg := mysql.NewConfig()
	cfg.User, cfg.Passwd, cfg.DBName = user, user, database
	cfg.Net, cfg.Addr = "tcp", net.JoinHostPort(addr, Port)
	cfg.Timeout, cfg.ReadTimeout, cfg.WriteTimeout = dial, io, io
	cfg.InterpolateParams, cfg.RejectReadOnly = true, true
	cfg.Logger = &mysql.NopLogger{}
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		return nil, fmt.Errorf("open master %s: %w", addr, err)
	}
	db := sql.OpenDB(connector)
	db.SetMaxIdleConns(idle)
	return db, nil
}

// Close ends the connections.
func (p *Pair) Close() error {
	var errs []error
	for _, m := range p.hosts {
		errs = append(errs, m.db.Close())
	}
	for _, db := range p.groups {
		errs = append(errs, db.Close())
	}
	return errors.Join(errs...)
}

// Replicates is nil if each master fetches and applies what the other writes, and
// both take writes.
func (p *Pair) Replicates(ctx context.Context) error {
	for _, m := range p.hosts {
		if err := m.replicates(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (m master) replicates(ctx context.Context) error {
	var readOnly bool
	if err := m.db.QueryRowContext(ctx, "SELECT @@GLOBAL.read_only").Scan(&readOnly); err != nil {
		return fmt.Errorf("ask %s: %w", m.name, err)
	}
	status, err := m.replica(ctx)
	if err != nil {
		return err
	}
	io, applier := status["Replica_IO_Running"], status["Replica_SQL_Running"]
	if readOnly || io != "Yes" || applier != "Yes" {
		return fmt.Errorf("%s fetches: %s, applies: %s, read only: %t; %s %s", m.name, io, applier, readOnly, status["Last_IO_Error"], status["Last_SQL_Error"])
	}
	return nil
}

// replica is SHOW REPLICA STATUS by the names of its columns.
func (m master) replica(ctx context.Context) (_ map[string]string, err error) {
	rows, err := m.db.QueryContext(ctx, "SHOW REPLICA STATUS")
	if err != nil {
		return nil, fmt.Errorf("ask %s how it replicates: %w", m.name, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	names, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	if !rows.Next() {
		return out, rows.Err()
	}
	cells := make([]sql.NullString, len(names))
	into := make([]any, len(names))
	for i := range cells {
		into[i] = &cells[i]
	}
	if err := rows.Scan(into...); err != nil {
		return nil, err
	}
	for i, name := range names {
		out[name] = cells[i].String
	}
	return out, rows.Err()
}

// At is the master that answers at the virtual address of a group.
func (p *Pair) At(ctx context.Context, group string) (string, error) {
	var host string
	if err := p.groups[group].QueryRowContext(ctx, "SELECT @@hostname").Scan(&host); err != nil {
		return "", fmt.Errorf("ask for the home of group %s: %w", group, err)
	}
	return host, nil
}
