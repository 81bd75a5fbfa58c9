package userlog

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"oalab/server/internal/message"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		runChild(dir)
	}
	goleak.VerifyTestMain(m)
}

// table is a store in memory that takes its time.
type table struct {
	mu     sync.Mutex
	takes  time.Duration
	err    error
	hangs  bool
	refuse string // the key of a row that is refused
	rows   map[string]int
	sizes  []int
}

var errAway = errors.New("database away")

func (s *table) AppendMessages(ctx context.Context, rows []Message) error {
	s.mu.Lock()
	takes, err, hangs := s.takes, s.err, s.hangs
	s.mu.Unlock()
	if hangs {
		<-ctx.Done()
		return ctx.Err()
	}
	timer := time.NewTimer(takes)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		return ctx.Err()
	}
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range rows {
		if m.Key == s.refuse {
			return fmt.Errorf("row %s: %w", m.Key, ErrRefused)
		}
	}
	s.sizes = append(s.sizes, len(rows))
	for _, m := range rows {
		s.rows[m.Key]++
	}
	return nil
}

func (*table) Maintain(context.Context, int) error { return nil }

func (*table) First(context.Context, string, string, int64) (int64, bool, error) {
	return 0, false, nil
}

func (s *table) set(change func(s *table)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s)
}

func (s *table) count() (rows, batches int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.rows), len(s.sizes)
}

// rig is a running Log.
type rig struct {
	*Log
	t     *testing.T
	store *table
	reg   *prometheus.Registry
	stop  func()
}

// start starts a Log in a bubble.
func start(t *testing.T, cfg Config) *rig {
	t.Helper()
	if cfg.Dir == "" {
		cfg.Dir = t.TempDir()
	}
	r := &rig{t: t, store: &table{rows: make(map[string]int)}, reg: prometheus.NewRegistry()}
	var err error
	if r.Log, err = New(cfg, r.store, slog.New(slog.DiscardHandler), r.reg); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var running sync.WaitGroup
	running.Go(func() {
		if err := r.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	r.stop = sync.OnceFunc(func() { cancel(); running.Wait(); r.Close() })
	t.Cleanup(r.stop)
	synctest.Wait() // it takes from the queue
	return r
}

// writeAll writes n messages at once and returns how long the slowest waited.
func (r *rig) writeAll(from, n int) time.Duration {
	var wg sync.WaitGroup
	waits := make([]time.Duration, n)
	for i := range n {
		wg.Go(func() {
			started := time.Now()
			r.Write(context.Background(), entry(numbered(from+i)))
			waits[i] = time.Since(started)
		})
	}
	wg.Wait()
	return slices.Max(waits)
}

func (r *rig) metric(name string) float64 {
	r.t.Helper()
	families, err := r.reg.Gather()
	if err != nil {
		r.t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		sum := 0.0
		for _, m := range f.GetMetric() {
			sum += m.GetCounter().GetValue() + m.GetGauge().GetValue()
		}
		return sum
	}
	r.t.Fatalf("no metric %s", name)
	return 0
}

// want checks rows in the store, and messages spooled and lost.
func (r *rig) want(what string, rows, spooled, lost int) {
	r.t.Helper()
	got, _ := r.store.count()
	s, l := r.metric("oalab_userlog_spooled_total"), r.metric("oalab_userlog_lost_total")
	if got != rows || s != float64(spooled) || l != float64(lost) {
		r.t.Errorf("%s: %d rows, %g spooled, %g lost; want %d, %d, %d", what, got, s, l, rows, spooled, lost)
	}
}

// What comes while a commit is under way makes the next batch.
func TestBatches(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		r := start(t, Config{Dir: dir, Batch: 100})
		r.store.set(func(s *table) { s.takes = 10 * time.Millisecond })
		go r.Write(t.Context(), entry(numbered(0)))
		synctest.Wait() // its commit is under way
		if wait := r.writeAll(1, 250); wait != 40*time.Millisecond {
			t.Errorf("the last of 250 waited %s, want four commits", wait)
		}
		r.want("all", 251, 0, 0)
		if diff := cmp.Diff([]int{1, 100, 100, 50}, r.store.sizes); diff != "" {
			t.Error(diff)
		}
		// One alone does not wait for others.
		time.Sleep(time.Second)
		if wait := r.writeAll(300, 1); wait != 10*time.Millisecond {
			t.Errorf("one alone waited %s", wait)
		}
		r.stop()
	})
}

func TestOneBadRowIsAlone(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		r := start(t, Config{Dir: dir})
		r.store.set(func(s *table) { s.takes, s.refuse = time.Millisecond, "m77" })
		go r.Write(t.Context(), entry(numbered(0)))
		synctest.Wait()
		if wait := r.writeAll(1, 200); wait > 20*time.Millisecond {
			t.Errorf("a bad row kept the others for %s", wait)
		}
		r.want("all but one", 200, 0, 1)
		r.stop()
	})
}

// A database that fails costs no message more than the spool; when it is back it gets
// what is there, once.
func TestDatabaseAway(t *testing.T) {
	for name, change := range map[string]func(*table){
		"refuses connections": func(s *table) { s.err = errAway },
		"hangs":               func(s *table) { s.hangs = true },
		"is slow":             func(s *table) { s.takes = time.Minute },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				r := start(t, Config{Dir: dir})
				r.writeAll(0, 10)
				r.store.set(change)
				if wait := r.writeAll(10, 50); wait > 200*time.Millisecond {
					t.Errorf("the first ones waited %s, want the database's part", wait)
				}
				time.Sleep(3 * time.Second) // in the bubble: the statement has ended
				synctest.Wait()
				if wait := r.writeAll(60, 50); wait > time.Millisecond {
					t.Errorf("once it is known to be away others waited %s", wait)
				}
				r.want("away", 10, 100, 0)
				if r.metric("oalab_userlog_spool_bytes") == 0 {
					t.Error("the spool shows no bytes")
				}
				r.store.set(func(s *table) { s.err, s.hangs, s.takes = nil, false, 0 })
				time.Sleep(10 * time.Second) // in the bubble: longer than any pause
				synctest.Wait()
				r.want("back", 110, 100, 0)
				if n := r.metric("oalab_userlog_spool_bytes"); n != 0 {
					t.Errorf("%g bytes are left in the spool", n)
				}
				r.writeAll(110, 10)
				r.want("as before", 120, 100, 0)
				r.stop()
			})
		})
	}
}

// With both gone a message is answered in time all the same, and counted.
func TestBothGone(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		// The statement does not end at the very moment at which those that wait give up.
		r := start(t, Config{Dir: dir, SpoolLimit: 1, StoreTimeout: 1900 * time.Millisecond})
		r.store.set(func(s *table) { s.hangs = true })
		for i := range 20 {
			if wait := r.writeAll(i*10, 10); wait > 300*time.Millisecond {
				t.Fatalf("waited %s", wait)
			}
		}
		r.want("both gone", 0, 0, 200)
		r.store.set(func(s *table) { s.hangs = false })
		time.Sleep(10 * time.Second) // in the bubble
		r.writeAll(1000, 5)
		r.want("the database is back", 5, 0, 200)
		r.stop()
	})
}

// A caller whose time ends does not wait for the database, and its row is safe.
func TestCallerWithoutTime(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		r := start(t, Config{Dir: dir})
		r.store.set(func(s *table) { s.takes = 100 * time.Millisecond })
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
		defer cancel()
		started := time.Now()
		r.Write(ctx, entry(numbered(1)))
		if wait := time.Since(started); wait != 30*time.Millisecond {
			t.Errorf("waited %s", wait)
		}
		r.want("spooled", 0, 1, 0)
		time.Sleep(time.Second) // in the bubble
		r.want("and stored, by both, in one row", 1, 1, 0)
		r.stop()
	})
}

func TestStopStoresWhatWaits(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		r := start(t, Config{Dir: dir})
		r.store.set(func(s *table) { s.takes = 50 * time.Millisecond })
		done := make(chan time.Duration)
		go func() { done <- r.writeAll(0, 30) }()
		synctest.Wait()
		go r.stop()
		<-done
		r.stop()
		r.want("stopped", 30, 0, 0)
		r.Write(t.Context(), entry(numbered(99))) // too late for both: counted
		r.want("after the end", 30, 0, 1)
	})
}

func TestFit(t *testing.T) {
	long := make([]rune, 5000)
	for i := range long {
		long[i] = '长'
	}
	m := Message{Account: "a", OpenID: "o", Key: "k\xff", Type: "text", EventKey: string(long), Content: string(long) + "\xff"}.fit()
	if n := len([]rune(m.Content)); n != maxContent {
		t.Errorf("content of %d characters", n)
	}
	if n := len([]rune(m.EventKey)); n != maxEventKey {
		t.Errorf("event key of %d characters", n)
	}
	other := Message{Key: "k\xfe"}.fit()
	if len(m.Key) > maxKey || m.Key == other.Key {
		t.Errorf("keys %q and %q", m.Key, other.Key)
	}
	short := numbered(1)
	if diff := cmp.Diff(short, short.fit()); diff != "" {
		t.Error(diff)
	}
}

// TestLoneRow: a row that comes while no statement is under way costs its message that
// statement and nothing more; those that come meanwhile share the next one (PERF-6).
func TestLoneRow(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		r := start(t, Config{Dir: dir})
		r.store.set(func(s *table) { s.takes = 2 * time.Millisecond })
		for i := range 10 { // one message at a time
			if waited := r.writeAll(i, 1); waited != 2*time.Millisecond {
				t.Errorf("message %d waited %s, want its statement", i, waited)
			}
		}
		time.Sleep(time.Second)
		for i := range 100 { // 100 a second
			if waited := r.writeAll(10+i, 1); waited != 2*time.Millisecond {
				t.Errorf("message %d of 100 a second waited %s", i, waited)
			}
			time.Sleep(8 * time.Millisecond)
		}
		if rows, batches := r.store.count(); rows != 110 || batches != 110 {
			t.Errorf("%d rows in %d statements", rows, batches)
		}
		var following sync.WaitGroup
		for i := range 8 { // two while each statement is under way
			following.Go(func() { r.writeAll(200+i, 1) })
			time.Sleep(900 * time.Microsecond) // never in the instant in which a statement ends
		}
		following.Wait()
		if diff := cmp.Diff([]int{1, 2, 2, 2, 1}, r.store.sizes[110:]); diff != "" {
			t.Error(diff)
		}
		r.stop()
	})
}

// entry is what the callback says of a message.
func entry(m Message) message.Entry {
	return message.Entry{
		Account: m.Account, OpenID: m.OpenID, Key: m.Key, Type: m.Type, Event: m.Event, EventKey: m.EventKey,
		Content: m.Content, Answer: m.Answer, Sent: time.Unix(m.SentAt, 0), Received: time.UnixMilli(m.ReceivedAt),
		Took: time.Duration(m.TookMicros) * time.Microsecond,
	}
}
