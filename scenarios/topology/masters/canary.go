package masters

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"oalab/scenarios/history"
)

// makeCanary is the table of canary rows, at is microseconds after 1970.
const makeCanary = "CREATE TABLE IF NOT EXISTS " + history.TableCanary + " (id BIGINT NOT NULL PRIMARY KEY, at BIGINT NOT NULL) ENGINE=InnoDB"

// Prepare makes the tables of the canaries. They come to the other master by
// replication.
func (p *Pair) Prepare(ctx context.Context) error {
	for group, db := range p.groups {
		if _, err := db.ExecContext(ctx, makeCanary); err != nil {
			return fmt.Errorf("make the table of the canaries of group %s: %w", group, err)
		}
	}
	return nil
}

// Watch writes canary rows through each virtual address, and tells how old the newest
// one is on each master, until ctx ends; that is no error.
func (p *Pair) Watch(ctx context.Context, base time.Time, record func(history.Sample) error) error {
	all, ctx := errgroup.WithContext(ctx)
	for group, db := range p.groups {
		all.Go(func() error { return canary{group, db}.sing(ctx, base, record) })
		for _, m := range p.hosts {
			all.Go(func() error { return m.watchAge(ctx, group, base, record) })
		}
	}
	return all.Wait()
}

type canary struct {
	group string
	db    *sql.DB
}

// sing writes at fixed moments and does not wait for the rows before.
func (c canary) sing(ctx context.Context, base time.Time, record func(history.Sample) error) error {
	var open sync.WaitGroup
	defer open.Wait()
	failed := make(chan error, 1)
	tick := time.NewTicker(time.Duration(history.CanaryEveryS * float64(time.Second)))
	defer tick.Stop()
	for id := 1; ; id++ {
		select {
		case <-tick.C:
		case err := <-failed:
			return err
		case <-ctx.Done():
			return nil
		}
		open.Go(func() {
			for _, s := range c.write(ctx, id, base) {
				if err := record(s); err != nil {
					select {
					case failed <- fmt.Errorf("keep a sample of a canary: %w", err):
					default:
					}
				}
			}
		})
	}
}

// write writes one row. One that the end of ctx cut off has no samples.
func (c canary) write(ctx context.Context, id int, base time.Time) []history.Sample {
	begun := time.Now()
	// Its time limits are those of the connection: what ends it from outside would leave
	// the driver with less to say.
	_, err := c.db.ExecContext(ctx, "INSERT INTO "+history.TableCanary+" (id, at) VALUES (?, ?)", id, begun.UnixMicro())
	if err != nil && ctx.Err() != nil {
		return nil
	}
	s := history.Sample{AtS: begun.Sub(base).Seconds(), Probe: history.ProbeCanary + "." + c.group}
	if err != nil {
		s.Error = err.Error()
		return []history.Sample{s}
	}
	took := s
	s.Name, s.Value = history.SeriesValue, float64(id)
	took.Name, took.Value = history.SeriesAnswer, time.Since(begun).Seconds()
	return []history.Sample{s, took}
}

// ageEvery is the time between two looks at the newest canary row of a master.
const ageEvery = 100 * time.Millisecond

// watchAge asks one after the other: a master that is gone costs as many looks as fit.
func (m master) watchAge(ctx context.Context, group string, base time.Time, record func(history.Sample) error) error {
	tick := time.NewTicker(ageEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
		asked := time.Now()
		var at sql.NullInt64
		err := m.db.QueryRowContext(ctx, "SELECT at FROM "+Database(group)+"."+history.TableCanary+" WHERE id < ? ORDER BY id DESC LIMIT 1", history.ContestedFrom).Scan(&at)
		s := history.Sample{AtS: asked.Sub(base).Seconds(), Probe: history.ProbeAge + "." + group, Name: m.name}
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, sql.ErrNoRows):
			continue
		case err != nil:
			s.Error, s.Name = err.Error(), ""
		default:
			s.Value = max(0, asked.Sub(time.UnixMicro(at.Int64)).Seconds())
		}
		if err := record(s); err != nil {
			return fmt.Errorf("keep a sample of probe %s: %w", s.Probe, err)
		}
	}
}
