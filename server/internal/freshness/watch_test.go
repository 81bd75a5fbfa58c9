package freshness

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errAway = errors.New("the database is away")

// database is what the copies are of: each topic has a number, whose text is its generation too.
type database struct {
	mu    sync.Mutex
	state map[Topic]int
	away  error
	slow  time.Duration // before each answer
	asked int
	loads int
}

func newDatabase() *database {
	return &database{state: map[Topic]int{Keywords: 1, Business: 1, Bindings: 1}}
}

func (d *database) Generations(ctx context.Context) (map[Topic]string, error) {
	d.mu.Lock()
	d.asked++
	slow := d.slow
	d.mu.Unlock()
	select {
	case <-time.After(slow):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	out := map[Topic]string{}
	for topic, n := range d.state {
		out[topic] = fmt.Sprint(n)
	}
	return out, d.away
}

func (d *database) set(change func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	change()
}

func (d *database) count(n *int) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return *n
}

// radio is a broadcast by hand.
type radio struct {
	mu    sync.Mutex
	heard func()
}

func (r *radio) Listen(ctx context.Context, heard func()) {
	r.mu.Lock()
	r.heard = heard
	r.mu.Unlock()
	heard()
	<-ctx.Done()
}

func (r *radio) tell() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.heard()
}

// server is a Watch that runs, with one copy of each kind.
type server struct {
	*Watch
	db       *database
	news     *radio
	mu       sync.Mutex
	keywords int
	followed string
	stop     func()
}

func start(t *testing.T) *server {
	t.Helper()
	return startWith(t, func(s Store, b Broadcast) (Store, Broadcast) { return s, b })
}

// startWith puts something between the watch and what it watches.
func startWith(t *testing.T, wrap func(Store, Broadcast) (Store, Broadcast)) *server {
	t.Helper()
	s := &server{db: newDatabase(), news: &radio{}}
	var err error
	store, news := wrap(s.db, s.news)
	if s.Watch, err = New(store, news, slog.New(slog.DiscardHandler), nil); err != nil {
		t.Fatal(err)
	}
	s.Keep(Keywords, func(context.Context) error {
		s.db.mu.Lock()
		defer s.db.mu.Unlock()
		if s.db.away != nil {
			return s.db.away
		}
		s.db.loads++
		s.mu.Lock()
		defer s.mu.Unlock()
		s.keywords = s.db.state[Keywords]
		return nil
	})
	s.Follow(Bindings, func(generation string, _ time.Time) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.followed = generation
	})
	if err := s.Look(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	s.stop = func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	return s
}

// change commits a change and may broadcast it.
func (s *server) change(topic Topic, tell bool) {
	s.db.set(func() { s.db.state[topic]++ })
	if tell {
		s.news.tell()
	}
}

// answers is the keyword table that a message is answered from now, 0 for a refusal.
func (s *server) answers(t *testing.T) int {
	t.Helper()
	if s.Current(t.Context()) != nil {
		return 0
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.keywords
}

// How long after a change a message still is answered from the old table: the bounds that
// the package states, for each way that news can go.
func TestHowOldAnAnswerCanBe(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		tell  bool
		away  bool // the database, from the change on
		after time.Duration
		want  int // 2 is the new table, 0 a refusal
	}{
		"told: at once":                         {tell: true, after: newsEvery + time.Millisecond, want: 2},
		"not told: by the next poll":            {after: PollEvery + newsEvery + time.Millisecond, want: 2},
		"not told, asked before the poll":       {after: 100 * time.Millisecond, want: 1},
		"the database is away: old for a while": {tell: true, away: true, after: Window - PollEvery - newsEvery - time.Millisecond, want: 1},
		"the database is away: nothing too old": {tell: true, away: true, after: Window, want: 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := start(t)
				defer s.stop()
				time.Sleep(20*PollEvery + PollEvery/2) // between two polls
				s.db.set(func() {
					if test.away {
						s.db.away = errAway
					}
				})
				s.change(Keywords, test.tell)
				time.Sleep(test.after)
				if got := s.answers(t); got != test.want {
					t.Errorf("answered from table %d, want %d", got, test.want)
				}
			})
		})
	}
}

// A database that comes back is enough, and a message that arrives then need not wait
// for the poll.
func TestTheDatabaseComesBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := start(t)
		defer s.stop()
		s.db.set(func() { s.db.away = errAway })
		time.Sleep(10 * time.Second)
		if got := s.answers(t); got != 0 {
			t.Errorf("without the database: table %d", got)
		}
		s.db.set(func() { s.db.away = nil })
		s.change(Keywords, false)
		time.Sleep(time.Millisecond)
		if got := s.answers(t); got != 2 {
			t.Errorf("with it again: table %d, want 2", got)
		}
	})
}

// What has not changed is not read again, and one followed topic costs no load.
func TestOnlyWhatChangedIsLoaded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := start(t)
		defer s.stop()
		time.Sleep(10 * time.Second)
		s.change(Bindings, true)
		s.change(Business, true)
		time.Sleep(time.Second)
		synctest.Wait()
		s.mu.Lock()
		defer s.mu.Unlock()
		if loads := s.db.count(&s.db.loads); loads != 1 || s.followed != "2" {
			t.Errorf("%d loads, bindings of %q; want 1 and 2", loads, s.followed)
		}
	})
}

// However much news there is, the database is asked twenty times a second.
func TestMuchNewsIsFewQuestions(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := start(t)
		defer s.stop()
		time.Sleep(10 * time.Second)
		before := s.db.count(&s.db.asked)
		for range 1000 {
			s.change(Keywords, true)
			time.Sleep(time.Millisecond)
		}
		if asked := s.db.count(&s.db.asked) - before; asked > 21 {
			t.Errorf("asked %d times in a second", asked)
		}
		time.Sleep(newsEvery)
		if got := s.answers(t); got != 1001 {
			t.Errorf("table %d, want the last one", got)
		}
	})
}

// Messages that wait for a database which does not answer wait together, not one after
// the other.
func TestWaitingTogether(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := start(t)
		defer s.stop()
		s.db.set(func() { s.db.slow = time.Hour })
		time.Sleep(10 * time.Second)
		began := time.Now()
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() {
				if err := s.Current(t.Context()); err == nil {
					t.Error("a copy of an unknown state is current")
				}
			})
		}
		all.Wait()
		if took := time.Since(began); took > 3*askTimeout {
			t.Errorf("took %s", took)
		}
	})
}

// One that gives up takes its own error, and none to the others.
func TestGivingUpIsNoNews(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := start(t)
		s.stop()
		time.Sleep(Window)
		s.db.set(func() { s.db.slow = 500 * time.Millisecond })
		short, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		if err := s.Current(short); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		if err := s.Current(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestATopicThatTheDatabaseDoesNotKnow(t *testing.T) {
	t.Parallel()
	w, err := New(newDatabase(), &radio{}, slog.New(slog.DiscardHandler), nil)
	if err != nil {
		t.Fatal(err)
	}
	w.Keep("weather", func(context.Context) error { return nil })
	if err := w.Look(t.Context()); err == nil {
		t.Error("no error")
	}
	if err := w.Current(t.Context()); err == nil {
		t.Error("current")
	}
}
