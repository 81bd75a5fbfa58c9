package server

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"oalab/server/internal/business"
	"oalab/server/internal/job"
)

const (
	// backlogAge is how old the database's word of the backlog may be when it is
	// shown: however often the metrics are read, it is asked once in this time.
	backlogAge = time.Second
	// backlogTimeout bounds one question.
	backlogTimeout = time.Second
)

// left is what is stored and not done yet.
type left struct {
	jobs       int // rows in the outbox
	unfinished int // orders that are neither done nor failed
	dead       int // dead letters
}

// backlog shows how much is stored and not done yet. What this process has stored
// since the database was asked is added: the figures may be too high for backlogAge,
// by what was done within it, but never too low by what this server has accepted, so
// that zero means that nothing of it is left.
type backlog struct {
	ask              func(context.Context) (left, error)
	rows, unfinished *prometheus.Desc
	dead             *prometheus.Desc

	mu    sync.Mutex // held while the database is asked
	asked time.Time
	last  left // -1 each: the database did not say

	added struct {
		mu sync.Mutex
		left
	}
}

func newBacklog(ask func(context.Context) (left, error)) *backlog {
	desc := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc(name, help+" (-1: the database did not say).", nil, nil)
	}
	return &backlog{
		ask:        ask,
		rows:       desc("oalab_outbox_rows", "Jobs committed and not yet settled"),
		unfinished: desc("oalab_orders_unfinished", "Orders that are neither done nor failed"),
		dead:       desc("oalab_dead_letters", "Jobs that were given up, in the database: see oaserver dead"),
	}
}

// note takes in jobs that this process has committed. Those without an ID were there before.
func (b *backlog) note(stored []job.Envelope) {
	b.added.mu.Lock()
	defer b.added.mu.Unlock()
	for _, env := range stored {
		if env.ID == 0 {
			continue
		}
		b.added.jobs++
		if env.Kind == business.KindOrder {
			b.added.unfinished++
		}
	}
}

// Describe implements prometheus.Collector.
func (b *backlog) Describe(to chan<- *prometheus.Desc) {
	to <- b.rows
	to <- b.unfinished
	to <- b.dead
}

// Collect implements prometheus.Collector.
func (b *backlog) Collect(to chan<- prometheus.Metric) {
	now := b.now()
	to <- prometheus.MustNewConstMetric(b.rows, prometheus.GaugeValue, float64(now.jobs))
	to <- prometheus.MustNewConstMetric(b.unfinished, prometheus.GaugeValue, float64(now.unfinished))
	to <- prometheus.MustNewConstMetric(b.dead, prometheus.GaugeValue, float64(now.dead))
}

func (b *backlog) now() left {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.asked.IsZero() || time.Since(b.asked) >= backlogAge {
		b.refresh()
	}
	if b.last.jobs < 0 {
		return b.last
	}
	added := b.take(left{})
	return left{jobs: b.last.jobs + added.jobs, unfinished: b.last.unfinished + added.unfinished, dead: b.last.dead}
}

// refresh asks. What was noted before the question is in the answer; what is noted
// from then on may be, and counts beside it.
func (b *backlog) refresh() {
	ctx, cancel := context.WithTimeout(context.Background(), backlogTimeout)
	defer cancel()
	before := b.take(left{})
	found, err := b.ask(ctx)
	b.asked = time.Now()
	if err != nil {
		b.last = left{jobs: -1, unfinished: -1, dead: -1}
		return
	}
	b.last = found
	b.take(before)
}

// take takes off what is in an answer, and returns what is left beside it.
func (b *backlog) take(known left) left {
	b.added.mu.Lock()
	defer b.added.mu.Unlock()
	b.added.jobs -= known.jobs
	b.added.unfinished -= known.unfinished
	return b.added.left
}
