package server

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"oalab/server/internal/business"
	"oalab/server/internal/config"
	"oalab/server/internal/job"
	outboxstore "oalab/server/internal/outbox/store"
	"oalab/server/internal/telemetry"
)

// DeadLetter is a job that was given up. Secrets and phone numbers are masked.
type DeadLetter struct {
	ID   int64  `json:"id"`
	Kind string `json:"kind"`
	Key  string `json:"key"`
	// Serial is that of the order that it is about; "" when it is about none.
	Serial   string    `json:"serial,omitempty"`
	Attempts int       `json:"attempts"`
	Reason   string    `json:"reason"`
	Created  time.Time `json:"created"`
	Buried   time.Time `json:"buried"`
}

// DeadFilter chooses dead letters. The zero value chooses all.
type DeadFilter struct {
	// Kind is order, query or tell; "" means any.
	Kind string
	// Since leaves out those that were buried earlier; zero means none. Within is the same
	// as an age by the database's clock, and counts when Since is zero.
	Since  time.Time
	Within Period
	// Limit is how many are returned at most, the latest; 0 means all.
	Limit int
}

// deadPage is how many dead letters are read at once.
const deadPage = 500

// Dead is the reader of the dead letters of a database. Servers may run meanwhile.
type Dead struct {
	*stores
	types job.Catalogue
	mask  *telemetry.Masker
}

// OpenDead opens the database, and brings its tables up to date. It must be closed.
func OpenDead(ctx context.Context, cfg Config) (*Dead, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	db, err := openStore(ctx, cfg)
	if err != nil {
		return nil, err
	}
	return &Dead{stores: newStores(db), types: config.JobTypes(cfg), mask: telemetry.NewMasker(cfg.secrets()...)}, nil
}

// Close closes the database.
func (d *Dead) Close() error {
	d.close()
	return d.db.Close()
}

// List calls each for the dead letters that a filter chooses, the latest first, until it
// returns an error.
func (d *Dead) List(ctx context.Context, f DeadFilter, each func(DeadLetter) error) error {
	if _, known := d.types.Find(job.Kind(f.Kind)); !known && f.Kind != "" {
		kinds := fmt.Sprint(d.types.Kinds())
		return fmt.Errorf("kind: %q is none of %s", f.Kind, strings.ReplaceAll(kinds[1:len(kinds)-1], " ", ", "))
	}
	page := outboxstore.DeadFilter{Kind: job.Kind(f.Kind), From: f.Since}
	if f.Since.IsZero() && f.Within > 0 {
		now, err := d.db.Clock(ctx)
		if err != nil {
			return err
		}
		page.From = now.Add(-time.Duration(f.Within))
	}
	for left := f.Limit; f.Limit == 0 || left > 0; {
		page.Limit = deadPage
		if f.Limit > 0 {
			page.Limit = min(deadPage, left)
		}
		letters, err := d.outbox.DeadLetters(ctx, page)
		if err != nil {
			return err
		}
		for _, l := range letters {
			if err := each(d.shown(l)); err != nil {
				return err
			}
			page.Before = l.ID
		}
		if len(letters) < page.Limit {
			return nil
		}
		left -= len(letters)
	}
	return nil
}

func (d *Dead) shown(l outboxstore.DeadLetter) DeadLetter {
	return DeadLetter{
		ID: l.ID, Kind: string(l.Job.Kind), Key: d.mask.Mask(l.Job.Key), Serial: business.SerialOf(l.Job), Attempts: l.Attempts,
		Reason: d.mask.Mask(l.Reason), Created: l.Job.Created.UTC(), Buried: l.Buried.UTC(),
	}
}

// Retry puts the job of a dead letter back into work, exactly once, and says what became of
// it: queued, under way (it waits already, or the sweeper has the order) or settled (the
// order is finished and told). An order keeps its serial and gets all its rounds again. An
// ID that does not exist, or not any more, is an error.
func (d *Dead) Retry(ctx context.Context, id int64) (string, error) {
	outcome, err := d.outbox.RetryDead(ctx, d.types, id, d.orders.Wake)
	return string(outcome), err
}

// RetryAll is Retry for all that are there when it begins. What cannot be retried stays, and
// does not keep the others from it.
func (d *Dead) RetryAll(ctx context.Context, each func(id int64, outcome string, err error)) error {
	var ids []int64
	if err := d.List(ctx, DeadFilter{}, func(l DeadLetter) error { ids = append(ids, l.ID); return nil }); err != nil {
		return err
	}
	for _, id := range ids {
		outcome, err := d.Retry(ctx, id)
		if errors.Is(err, outboxstore.ErrNoDeadLetter) {
			continue // it went with another one of the same job
		}
		if each(id, outcome, err); ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}

// Drop deletes a dead letter. An order that it is about stays as it is, and can only be
// put back into work by another one.
func (d *Dead) Drop(ctx context.Context, id int64) error { return d.outbox.DropDead(ctx, id) }

// DropOlder deletes dead letters that were buried longer ago, by the database's clock. It
// keeps those whose order is unfinished or untold, and returns how many of each.
func (d *Dead) DropOlder(ctx context.Context, age Period) (dropped, kept int, err error) {
	now, err := d.db.Clock(ctx)
	if err != nil {
		return 0, 0, err
	}
	return d.outbox.DropDeadBefore(ctx, now.Add(-time.Duration(age)), d.orders.OpenJobs)
}
