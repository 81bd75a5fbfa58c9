package cache

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"oalab/server/internal/binding"
	bindingstore "oalab/server/internal/binding/store"
	"oalab/server/internal/freshness"
	"oalab/server/internal/sqldb"
	"oalab/server/internal/sqldb/sqldbtest"
)

const nobody = "127.0.0.1:1" // where no Redis is

// bindingDB is a database with its bindings.
type bindingDB struct {
	*sqldb.DB
	*bindingstore.Store
}

func openDB(tb testing.TB, path string) *bindingDB {
	tb.Helper()
	db := sqldbtest.Open(tb, sqldb.Config{CoreDSN: path})
	return &bindingDB{db, bindingstore.New(db)}
}

func bind(tb testing.TB, db *bindingDB, openid, phone string) {
	tb.Helper()
	section := db.Store.Seed("demo", []binding.Binding{{OpenID: openid, Phone: phone}}, false)
	if _, err := db.DB.Seed(tb.Context(), false, section); err != nil {
		tb.Fatal(err)
	}
}

// bindings are those of a database in which o1 is bound, and of a Redis at addr.
func bindings(t *testing.T, cfg BindingsConfig, addr string, store BindingStore) (*Bindings, *prometheus.Registry) {
	t.Helper()
	reg := prometheus.NewRegistry()
	b, err := NewBindings(cfg, open(t, Config{Addr: addr}, reg), store, slog.New(slog.DiscardHandler), reg)
	if err != nil {
		t.Fatal(err)
	}
	return b, reg
}

// asked brings the view up to date.
func (b *Bindings) asked(t *testing.T, db freshness.Store) {
	t.Helper()
	asked := time.Now()
	generations, err := db.Generations(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.See(generations[freshness.Bindings], asked)
}

// now brings the view and the filter up to date.
func (b *Bindings) now(t *testing.T, db freshness.Store) {
	t.Helper()
	b.asked(t, db)
	if err := b.fill(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// cold does what now does, and forgets what this process keeps.
func (b *Bindings) cold(t *testing.T, db freshness.Store) {
	t.Helper()
	b.now(t, db)
	b.process.InvalidateAll()
}

// silence is a broadcast that brings nothing.
type silence struct{}

func (silence) Listen(ctx context.Context, _ func()) { <-ctx.Done() }

// run keeps bindings up to date by the polls of a database; the returned function ends it.
func run(t testing.TB, b *Bindings, db freshness.Store) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	w, err := freshness.New(db, silence{}, slog.New(slog.DiscardHandler), nil)
	if err != nil {
		t.Fatal(err)
	}
	w.Keep(freshness.Bindings, b.Load)
	w.Follow(freshness.Bindings, b.See)
	if err := w.Look(ctx); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 2)
	go func() { ended <- w.Run(ctx) }()
	go func() { ended <- b.Run(ctx) }()
	return func() {
		cancel()
		for range cap(ended) {
			if err := <-ended; err != nil {
				t.Error(err)
			}
		}
	}
}

// is fails the test unless the look-up says want; "" is not bound.
func (b *Bindings) is(t *testing.T, openid, want string) {
	t.Helper()
	got, err := b.Phone(t.Context(), "demo", openid)
	if got != want || (want == "") != errors.Is(err, binding.ErrUnbound) || (want != "" && err != nil) {
		t.Errorf("%s at %s: %q, %v; want %q", openid, time.Now().Format("05.000"), got, err, want)
	}
}

// SCN-20: what followers that are not known cost the database.
func TestUnknownFollowersCostNoStatement(t *testing.T) {
	t.Parallel()
	const many = 1000
	for name, test := range map[string]struct {
		cfg  BindingsConfig
		addr string
		run  bool
		want int64
	}{
		"protected":                       {run: true, want: 0},
		"protected, Redis away":           {addr: nobody, run: true, want: 0},
		"a filter far too small is right": {cfg: BindingsConfig{Keys: 1}, run: true, want: many},
		"the generation is not known":     {run: false, want: many},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "core.db")
			synctest.Test(t, func(t *testing.T) {
				db := openDB(t, path)
				for i := range 30 {
					bind(t, db, fmt.Sprint("o", i), "13800000001")
				}
				b, reg := bindings(t, test.cfg, test.addr, db)
				if test.run {
					b.now(t, db)
				}
				before := db.Statements()
				for i := range many {
					b.is(t, fmt.Sprint("unknown", i), "")
				}
				// The filter that is too small still refuses a few by luck.
				refused := int64(counted(t, reg, "oalab_bloom_refusals_total"))
				got := db.Statements() - before
				if got > test.want || (test.want > 0 && got != many-refused) || (test.want == 0 && refused != many) {
					t.Errorf("%d statements and %d refusals for %d look-ups; want %d", got, refused, many, test.want)
				}
				b.is(t, "o1", "13800000001")
			})
		})
	}
}

// SCN-20: what one follower that everybody asks for costs when its entry ends.
func TestAHotFollowerCostsOneStatementWhenItsEntryEnds(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		addr string
		want []int64 // statements: at first, again, after the life here, after that in Redis
	}{
		"with Redis": {"", []int64{1, 0, 0, 1}},
		"Redis away": {nobody, []int64{1, 0, 1, 1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "core.db")
			synctest.Test(t, func(t *testing.T) {
				db := openDB(t, path)
				bind(t, db, "o1", "13800000001")
				b, reg := bindings(t, BindingsConfig{}, test.addr, db)
				b.cold(t, db)
				for i, wait := range []time.Duration{0, 0, BindingTTL + time.Second, SharedBindingTTL + time.Second} {
					time.Sleep(wait)
					b.asked(t, db)
					before := db.Statements()
					var all sync.WaitGroup
					for range 200 {
						all.Go(func() { b.is(t, "o1", "13800000001") })
					}
					all.Wait()
					if got := db.Statements() - before; got != test.want[i] {
						t.Errorf("step %d: %d statements, want %d", i, got, test.want[i])
					}
				}
				if hits := counted(t, reg, "oalab_cache_requests_total", cacheBindings, resultHit); hits < 200 {
					t.Errorf("%g hits", hits)
				}
			})
		})
	}
}

// Where all bindings have room they are kept warm: no follower is asked for, for as long as
// the process lives, and one who has none is refused all the time.
func TestBindingsAreKeptWarm(t *testing.T) {
	t.Parallel()
	for entries, warm := range map[int]bool{30: true, 10: false} {
		path := filepath.Join(t.TempDir(), "core.db")
		synctest.Test(t, func(t *testing.T) {
			db := openDB(t, path)
			for i := range 30 {
				bind(t, db, fmt.Sprint("o", i), "13800000001")
			}
			b, reg := bindings(t, BindingsConfig{Entries: entries, Keys: 1000}, nobody, db)
			stop := run(t, b, db)
			looked := 0
			for range 20 { // beyond the lives of the first filling
				time.Sleep(BindingTTL / 10)
				for i := range 30 {
					b.is(t, fmt.Sprint("o", i), "13800000001")
					looked++
				}
				b.is(t, "unknown", "")
			}
			hits := int(counted(t, reg, "oalab_cache_requests_total", cacheBindings, resultHit))
			if (hits == looked) != warm {
				t.Errorf("room for %d: %d hits for %d look-ups", entries, hits, looked)
			}
			stop()
		})
	}
}

// deaf is a database that does not tell the generation any more.
type deaf struct {
	*bindingDB
	on atomic.Bool
}

func (d *deaf) Generations(ctx context.Context) (map[freshness.Topic]string, error) {
	if d.on.Load() {
		return nil, errors.New("not today")
	}
	return d.DB.Generations(ctx)
}

// The stated bound: a change that another process commits is seen by every look-up
// that begins Window later, whenever in the rhythm of the polls it comes.
func TestAChangeIsSeenWithinTheWindow(t *testing.T) {
	t.Parallel()
	for _, after := range []time.Duration{time.Millisecond, 500 * time.Millisecond, 999 * time.Millisecond} {
		for _, lost := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s after a poll, polls fail %t", after, lost), func(t *testing.T) {
				t.Parallel()
				path := filepath.Join(t.TempDir(), "core.db")
				synctest.Test(t, func(t *testing.T) {
					db, other := &deaf{bindingDB: openDB(t, path)}, openDB(t, path)
					bind(t, other, "o1", "13800000001")
					b, reg := bindings(t, BindingsConfig{}, "", db)
					stop := run(t, b, db)
					time.Sleep(20*freshness.PollEvery + after)

					b.is(t, "o1", "13800000001")
					b.is(t, "o2", "")
					db.on.Store(lost)
					bind(t, other, "o1", "13800000011")
					bind(t, other, "o2", "13800000002")
					b.is(t, "o1", "13800000001") // it is cached, or the test shows nothing
					b.is(t, "o2", "")
					if n := counted(t, reg, "oalab_bloom_refusals_total"); n != 2 {
						t.Errorf("%g refusals, want 2", n)
					}
					bound := freshness.PollEvery + time.Millisecond
					if lost {
						bound = freshness.Window
					}
					time.Sleep(bound)
					b.is(t, "o1", "13800000011")
					b.is(t, "o2", "13800000002")

					// The next change comes before the filter may be filled again.
					if !lost {
						bind(t, other, "o4", "13800000004")
						time.Sleep(bound)
						b.is(t, "o4", "13800000004")
					}

					// Once the polls are back, the filter refuses again.
					db.on.Store(false)
					time.Sleep(fillEvery + 2*freshness.PollEvery)
					b.is(t, "o3", "")
					b.is(t, "o2", "13800000002")
					if n := counted(t, reg, "oalab_bloom_refusals_total"); n != 3 {
						t.Errorf("%g refusals at the end, want 3", n)
					}
					stop()
				})
			})
		}
	}
}

// counting counts the readings of all bindings.
type counting struct {
	*bindingDB
	readings atomic.Int64
}

func (c *counting) EachBinding(ctx context.Context, visit func(account, openid, phone string)) error {
	c.readings.Add(1)
	return c.bindingDB.EachBinding(ctx, visit)
}

// A change concerns its follower alone: what is kept of the others stays, here and in
// Redis, the table is not read again, and the filter grows by what is new.
func TestAChangeConcernsItsFollowerAlone(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "core.db")
	synctest.Test(t, func(t *testing.T) {
		db := &counting{bindingDB: openDB(t, path)}
		for i := range 30 {
			bind(t, db.bindingDB, fmt.Sprint("o", i), "13800000001")
		}
		b, reg := bindings(t, BindingsConfig{Entries: 100}, "", db)
		stop := run(t, b, db)
		time.Sleep(2 * fillEvery)
		read := db.readings.Load()
		for round := range 20 {
			changed := fmt.Sprint("late", round)
			bind(t, db.bindingDB, changed, "13800000002")
			bind(t, db.bindingDB, "o0", fmt.Sprintf("1380000%04d", round))
			time.Sleep(freshness.PollEvery + time.Millisecond)
			b.is(t, changed, "13800000002")
			b.is(t, "o0", fmt.Sprintf("1380000%04d", round))
			before := db.Statements()
			for i := 1; i < 30; i++ {
				b.is(t, fmt.Sprint("o", i), "13800000001")
			}
			refused := counted(t, reg, "oalab_bloom_refusals_total")
			b.is(t, "unknown", "")
			if got := db.Statements() - before; got != 0 || counted(t, reg, "oalab_bloom_refusals_total") != refused+1 {
				t.Errorf("round %d: %d statements for followers that did not change", round, got)
			}
		}
		if got := db.readings.Load() - read; got != 0 {
			t.Errorf("the table was read %d times for 40 changes", got)
		}
		if ended, err := db.Unbind(t.Context(), "demo", "o1", time.Now().Add(time.Hour)); err != nil || !ended {
			t.Errorf("%t, %v", ended, err)
		}
		time.Sleep(freshness.PollEvery + time.Millisecond)
		b.is(t, "o1", "")
		stop()
	})
}

// What another server wrote to Redis before a change is not believed after it, however the
// two hear of the change; what it wrote of others is.
func TestRedisHoldsNothingOlderThanAChange(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "core.db")
	synctest.Test(t, func(t *testing.T) {
		db := openDB(t, path)
		bind(t, db, "o1", "13800000001")
		bind(t, db, "o2", "13800000002")
		slow, _ := bindings(t, BindingsConfig{}, "", db)
		quick, err := NewBindings(BindingsConfig{}, slow.client, db, slog.New(slog.DiscardHandler), nil)
		if err != nil {
			t.Fatal(err)
		}
		slow.cold(t, db)
		quick.cold(t, db)
		slow.is(t, "o1", "13800000001")
		slow.is(t, "o2", "13800000002")
		bind(t, db, "o1", "13800000011")
		quick.asked(t, db)
		quick.is(t, "o1", "13800000011")
		before := db.Statements()
		quick.is(t, "o2", "13800000002")
		if got := db.Statements() - before; got != 0 {
			t.Errorf("%d statements for a follower that did not change", got)
		}
		// The slow one, which does not know the change yet, writes what it has read before.
		key := bindingKey(bound{"demo", "o1"}, slow.known.database)
		slow.client.putBinding(t.Context(), key, "13800000001", slow.known.last(), time.Minute)
		quick.process.InvalidateAll()
		quick.is(t, "o1", "13800000011")
		slow.asked(t, db)
		slow.is(t, "o1", "13800000011")
	})
}

// Two databases on one Redis, such as before and after a restore, never answer
// for each other.
func TestAnotherDatabaseOnTheSameRedis(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		a, other := openDB(t, filepath.Join(dir, "a.db")), openDB(t, filepath.Join(dir, "b.db"))
		bind(t, a, "o1", "13800000001")
		bind(t, other, "o1", "13800000002")
		first, _ := bindings(t, BindingsConfig{}, "", a)
		second, err := NewBindings(BindingsConfig{}, first.client, other, slog.New(slog.DiscardHandler), nil)
		if err != nil {
			t.Fatal(err)
		}
		first.cold(t, a)
		second.cold(t, other)
		for range 2 {
			first.is(t, "o1", "13800000001")
			second.is(t, "o1", "13800000002")
		}
	})
}

// An entry in Redis that no server here wrote is not believed.
func TestAnUnknownFormInRedisIsNotBelieved(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{"", "+", "13800000009", "-x", "1+", "x+13800000009", "1-13800000009", "999+13800000009"} {
		path := filepath.Join(t.TempDir(), "core.db")
		synctest.Test(t, func(t *testing.T) {
			db := openDB(t, path)
			bind(t, db, "o1", "13800000001")
			b, _ := bindings(t, BindingsConfig{}, "", db)
			b.cold(t, db)
			key := bindingKey(bound{"demo", "o1"}, b.known.database)
			if err := b.client.rdb.Set(t.Context(), key, raw, time.Minute).Err(); err != nil {
				t.Fatal(err)
			}
			b.is(t, "o1", "13800000001")
		})
	}
}

// broken is a database that answers nothing but the generation.
type broken struct{ BindingStore }

var errBroken = errors.New("broken")

func (broken) Phone(context.Context, string, string) (string, error) { return "", errBroken }

func TestAnErrorIsNotKept(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "core.db")
	synctest.Test(t, func(t *testing.T) {
		db := openDB(t, path)
		bind(t, db, "o1", "13800000001")
		b, _ := bindings(t, BindingsConfig{}, "", broken{db})
		b.cold(t, db)
		for range 2 {
			if phone, err := b.Phone(t.Context(), "demo", "o1"); !errors.Is(err, errBroken) {
				t.Errorf("%q, %v", phone, err)
			}
		}
		b.store = db
		b.is(t, "o1", "13800000001")
	})
}

func TestLivesAreSpreadAndRepeatable(t *testing.T) {
	t.Parallel()
	c := open(t, Config{}, nil)
	lives := func(seed uint64, ttl time.Duration, phone string) (all []time.Duration) {
		b, err := NewBindings(BindingsConfig{Seed: seed}, c, nil, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		for range 100 {
			all = append(all, b.life(ttl, phone))
		}
		return all
	}
	for _, ttl := range []time.Duration{BindingTTL, SharedBindingTTL} {
		for phone, most := range map[string]time.Duration{"1": ttl, "": UnboundTTL} {
			a, same, other := lives(1, ttl, phone), lives(1, ttl, phone), lives(2, ttl, phone)
			distinct, differ := map[time.Duration]bool{}, 0
			for i, life := range a {
				distinct[life] = true
				if life != other[i] {
					differ++
				}
				if life > most || life < most-most/5 || life != same[i] {
					t.Errorf("%s of at most %s; again %s", life, most, same[i])
				}
			}
			if len(distinct) < 90 || differ < 90 {
				t.Errorf("%d lives of 100 are distinct, %d differ by seed", len(distinct), differ)
			}
		}
	}
}

// million are the bindings o0 … o999999, in memory.
type million struct{ BindingStore }

func (million) Generations(context.Context) (map[freshness.Topic]string, error) {
	return map[freshness.Topic]string{freshness.Bindings: "g"}, nil
}

func (million) BindingChanges(context.Context, int64) (binding.Changes, error) {
	return binding.Changes{Database: "m"}, nil
}

func (million) EachBinding(_ context.Context, visit func(account, openid, phone string)) error {
	for i := range 1_000_000 {
		visit("demo", openID(i), "13800000001")
	}
	return nil
}

func openID(i int) string { return fmt.Sprintf("oFollower%019d", i) }

// SCN-20: at most 0.1 % false positives at a million keys, and no false negative.
func TestTheFilterHoldsAMillion(t *testing.T) {
	t.Parallel()
	b, err := NewBindings(BindingsConfig{}, open(t, Config{}, nil), million{}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	b.now(t, million{})
	f := b.filter.Load()
	wrong := 0
	for i := range 1_000_000 {
		if !f.has(bound{"demo", openID(i)}) {
			t.Fatalf("%d is hidden", i)
		}
		if f.has(bound{"demo", openID(1_000_000 + i)}) {
			wrong++
		}
	}
	t.Logf("%d of 1 000 000 unknown followers pass a filter of %d bits, k = %d", wrong, f.bits.Cap(), f.bits.K())
	if wrong > 1000 || wrong == 0 {
		t.Errorf("%d of 1 000 000 pass, want some and at most 1 000", wrong)
	}
	if f.has(bound{"demo\x00", openID(1)}) || f.has(bound{"other", openID(1)}) {
		t.Error("accounts are mixed up, or bad luck: try another name")
	}
}

func BenchmarkHotBinding(b *testing.B) {
	db := openDB(b, filepath.Join(b.TempDir(), "core.db"))
	bind(b, db, "o1", "13800000001")
	c, err := New(Config{}, nil)
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	cached, err := NewBindings(BindingsConfig{}, c, db, slog.New(slog.DiscardHandler), nil)
	if err != nil {
		b.Fatal(err)
	}
	defer run(b, cached, db)()
	for cached.view.Load() == nil || cached.filter.Load() == nil {
		time.Sleep(time.Millisecond)
	}
	for name, one := range map[string]struct {
		store interface {
			Phone(ctx context.Context, account, openid string) (string, error)
		}
		openid string
	}{"cached": {cached, "o1"}, "refused": {cached, "nobody"}, "database": {db, "o1"}} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if _, err := one.store.Phone(b.Context(), "demo", one.openid); err != nil && !errors.Is(err, binding.ErrUnbound) {
						b.Error(err)
					}
				}
			})
		})
	}
}
