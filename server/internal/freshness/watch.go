package freshness

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Watch keeps the copies of one server up to date. Copies are added before the first
// Look; then it is safe for concurrent use.
type Watch struct {
	store  Store
	news   Broadcast
	log    *slog.Logger
	copies []*replica
	follow map[Topic]func(generation string, asked time.Time)

	wake    chan struct{} // holds one when there is news that was not looked for yet
	current atomic.Int64  // when what all copies are of was asked for, in Unix nanoseconds

	turn chan struct{} // holds one while no look is under way
	last look          // guarded by turn
	lost bool          // guarded by turn

	heard prometheus.Counter
}

// replica is what the process keeps whole of a topic.
type replica struct {
	topic      Topic
	generation string
	load       func(ctx context.Context) error
}

// look is one question and what became of it.
type look struct {
	asked time.Time
	err   error
}

// New makes a Watch without copies, and registers oalab_changes_heard_total and
// oalab_copies_age_seconds with reg, which may be nil.
func New(store Store, news Broadcast, log *slog.Logger, reg prometheus.Registerer) (*Watch, error) {
	w := &Watch{
		store: store, news: news, log: log, follow: map[Topic]func(string, time.Time){},
		wake: make(chan struct{}, 1), turn: make(chan struct{}, 1),
		heard: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "oalab_changes_heard_total", Help: "News of changed data that other processes broadcast, and times some may have been missed.",
		}),
	}
	w.turn <- struct{}{}
	age := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "oalab_copies_age_seconds", Help: "Since when the copies of what is in the database are known to be up to date.",
	}, func() float64 {
		if at := w.current.Load(); at != 0 {
			return time.Since(time.Unix(0, at)).Seconds()
		}
		return 0
	})
	if reg != nil {
		if err := errors.Join(reg.Register(w.heard), reg.Register(age)); err != nil {
			return nil, fmt.Errorf("register metrics of freshness: %w", err)
		}
	}
	return w, nil
}

// Keep adds a copy: load reads all of its topic and swaps it in, or changes nothing.
func (w *Watch) Keep(topic Topic, load func(ctx context.Context) error) {
	w.copies = append(w.copies, &replica{topic: topic, load: load})
}

// Follow lets see know the generation of a topic each time that it was asked for, and
// when, once the copies of the topic are of it. It does not block.
func (w *Watch) Follow(topic Topic, see func(generation string, asked time.Time)) {
	w.follow[topic] = see
}

// Current is nil when no copy is older than Window: what is answered from them has every
// change that was committed before. Otherwise it asks the database now; an error means
// that what this server knows may be too old to answer by.
func (w *Watch) Current(ctx context.Context) error {
	now := time.Now()
	if now.UnixNano()-w.current.Load() < int64(Window) {
		return nil
	}
	if err := w.look(ctx, now); err != nil {
		return fmt.Errorf("the copies of the data are older than %s: %w", Window, err)
	}
	return nil
}

// Look asks for the generations and loads every copy that is of another one. All copies
// are tried; the error joins those that could not be brought up to date.
func (w *Watch) Look(ctx context.Context) error { return w.look(ctx, time.Now()) }

// look is Look for a caller that came at a moment: a look that another caller has begun since
// is as good as its own. So callers wait together for a database that does not answer.
func (w *Watch) look(ctx context.Context, came time.Time) error {
	select {
	case <-w.turn:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { w.turn <- struct{}{} }()
	if !w.last.asked.Before(came) {
		return w.last.err
	}
	asked := time.Now()
	err := w.refresh(ctx, asked)
	if err != nil && ctx.Err() != nil {
		return err // its own end, and no news for others
	}
	w.last = look{asked, err}
	if (err != nil) != w.lost {
		w.lost = err != nil
		w.log.Warn("copies of what is in the database", "current", !w.lost, "error", err)
	}
	return err
}

// refresh is one look. What is loaded after the generations were read is of their state
// or of a later one, so it counts from the question.
func (w *Watch) refresh(ctx context.Context, asked time.Time) error {
	short, cancel := context.WithTimeout(ctx, askTimeout)
	generations, err := w.store.Generations(short)
	cancel()
	if err != nil {
		return err
	}
	var faults []error
	stale := map[Topic]bool{}
	for _, c := range w.copies {
		generation, known := generations[c.topic]
		switch {
		case !known:
			faults = append(faults, fmt.Errorf("the database has no generation of %s", c.topic))
		case generation != c.generation:
			if err := c.load(ctx); err != nil {
				faults = append(faults, err)
				stale[c.topic] = true
				continue
			}
			c.generation = generation
		}
	}
	for topic, see := range w.follow {
		if !stale[topic] {
			see(generations[topic], asked)
		}
	}
	if err := errors.Join(faults...); err != nil {
		return err
	}
	w.current.Store(asked.UnixNano())
	return nil
}

// Run keeps the copies up to date until ctx ends. It may be called once.
func (w *Watch) Run(ctx context.Context) error {
	var listening sync.WaitGroup
	defer listening.Wait()
	listening.Go(func() {
		w.news.Listen(ctx, func() {
			w.heard.Inc()
			select {
			case w.wake <- struct{}{}:
			default:
			}
		})
	})
	ticker := time.NewTicker(PollEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		case <-w.wake:
		}
		_ = w.Look(ctx) // it tells of its errors itself, and the next one comes soon
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(newsEvery):
		}
	}
}
