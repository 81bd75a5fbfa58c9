package masters

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"oalab/chaos"
	"oalab/scenarios/history"
)

// keys are the columns whose values are read, by table.
var keys = map[string]string{history.TableCanary: "id", history.TableOrders: "serial"}

// ReadHost reads all tables of one master.
func (p *Pair) ReadHost(ctx context.Context, why, host string) ([]history.TableReading, error) {
	i := slices.IndexFunc(p.hosts, func(m master) bool { return m.name == host })
	if i < 0 {
		return nil, fmt.Errorf("there is no master %s", host)
	}
	return p.hosts[i].read(ctx, why)
}

// Read reads all tables of both masters, when both have the same transactions and replicate,
// or ctx ends: what differs then is the finding.
func (p *Pair) Read(ctx context.Context, why string) ([]history.TableReading, error) {
	_ = p.level(ctx)
	detached, cancel := context.WithTimeout(context.WithoutCancel(ctx), chaos.Patient(ctx, readTimeout))
	defer cancel()
	var out []history.TableReading
	var errs []error
	for _, m := range p.hosts {
		list, err := m.read(detached, why)
		out, errs = append(out, list...), append(errs, err)
	}
	return out, errors.Join(errs...)
}

// readTimeout bounds the reading of both masters.
const readTimeout = 20 * time.Second

// level waits until both masters have executed the same transactions and replicate. A master
// that is being rebuilt has the numbers of its partner's transactions before it has the rows.
func (p *Pair) level(ctx context.Context) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		sets := map[string]bool{}
		for _, m := range p.hosts {
			var set string
			if err := m.db.QueryRowContext(ctx, "SELECT @@GLOBAL.gtid_executed").Scan(&set); err != nil {
				set = m.name + " does not answer"
			}
			sets[set] = true
		}
		if len(sets) == 1 && p.Replicates(ctx) == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (m master) read(ctx context.Context, why string) ([]history.TableReading, error) {
	var out []history.TableReading
	for _, group := range history.Groups() {
		tables, err := column(ctx, m.db, "SELECT table_name FROM information_schema.tables WHERE table_schema = ? ORDER BY table_name", Database(group))
		if err != nil {
			return nil, fmt.Errorf("list the tables of %s: %w", m.name, err)
		}
		for _, table := range tables {
			r := history.TableReading{At: time.Now(), Why: why, Host: m.name, Group: group, Table: table}
			name := "`" + Database(group) + "`.`" + table + "`"
			var checksum sql.NullInt64
			var full string
			if err := m.db.QueryRowContext(ctx, "CHECKSUM TABLE "+name).Scan(&full, &checksum); err != nil {
				return nil, fmt.Errorf("read %s of %s: %w", name, m.name, err)
			}
			if !checksum.Valid {
				continue // it is gone since it was listed: a master that rebuilds
			}
			r.Checksum = checksum.Int64
			if err := m.db.QueryRowContext(ctx, "SELECT COUNT(*) FROM "+name).Scan(&r.Rows); err != nil {
				return nil, fmt.Errorf("count %s of %s: %w", name, m.name, err)
			}
			if key, ok := keys[table]; ok {
				if r.Keys, err = column(ctx, m.db, "SELECT "+key+" FROM "+name+" ORDER BY "+key); err != nil {
					return nil, fmt.Errorf("read the keys of %s of %s: %w", name, m.name, err)
				}
			}
			out = append(out, r)
		}
	}
	return out, nil
}

// column reads one column.
func column(ctx context.Context, db *sql.DB, query string, args ...any) (_ []string, err error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	var out []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, rows.Err()
}
