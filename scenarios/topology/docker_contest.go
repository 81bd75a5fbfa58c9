package topology

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"oalab/scenarios/history"
	"oalab/scenarios/topology/masters"
)

// Contest lets a writer on each master's host write the same rows at once, through the
// virtual IP as its own side has it, and records what each was acknowledged. A refusal
// is what fencing is for, and no error.
func (d *docker) Contest(ctx context.Context) error {
	return d.beside(ctx, func(ctx context.Context, side int, r *history.TableReading) error {
		r.Why = history.ReadContest
		for n := range history.ContestedRows {
			key := strconv.Itoa(history.ContestedFrom + n)
			ok, err := d.writes(ctx, side, d.homeAddr(history.GroupCore), fmt.Sprintf("INSERT INTO %s (id, at) VALUES (%s, %d)", history.TableCanary, key, side+1))
			if err != nil {
				return err
			}
			if ok {
				r.Keys = append(r.Keys, key)
			}
		}
		r.Rows = len(r.Keys)
		return nil
	})
}

// Swap lets each of them change the oldest canary row at its own master.
func (d *docker) Swap(ctx context.Context) error {
	return d.beside(ctx, func(ctx context.Context, side int, r *history.TableReading) error {
		r.Why, r.Checksum = history.ReadSwap, int64(side+1)
		ok, err := d.writes(ctx, side, "127.0.0.1", fmt.Sprintf("UPDATE %s SET at = %d WHERE id = 1", history.TableCanary, side+1))
		if ok {
			r.Rows = 1
		}
		return err
	})
}

// beside does the same beside either master at once, and keeps what comes of it.
func (d *docker) beside(ctx context.Context, do func(ctx context.Context, side int, r *history.TableReading) error) error {
	if d.pair == nil {
		return errOneMaster
	}
	readings := make([]history.TableReading, len(masterHosts))
	all, ctx := errgroup.WithContext(ctx)
	for side, name := range masterHosts {
		r := &readings[side]
		*r = history.TableReading{At: time.Now(), Host: string(name), Group: history.GroupCore, Table: history.TableCanary}
		all.Go(func() error { return do(ctx, side, r) })
	}
	err := all.Wait()
	return errors.Join(err, d.keepReading(readings))
}

// writes lets a writer on a master's host run a statement at an address, and reports
// whether it was acknowledged.
func (d *docker) writes(ctx context.Context, side int, addr, statement string) (bool, error) {
	host := d.hosts[masterHosts[side]]
	r, err := host.Exec(ctx, "timeout", "3", "mysql", "--no-defaults", "-u"+history.GroupCore, "-p"+history.GroupCore, "-h"+addr,
		"--ssl-mode=DISABLED", "--get-server-public-key", "--connect-timeout=1", masters.Database(history.GroupCore), "-e", statement)
	if err != nil {
		return false, fmt.Errorf("let a writer on %s write: %w", host.Name(), err)
	}
	return r.Code == 0, nil
}
