package reply_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"oalab/server/internal/job"
	"oalab/server/internal/message"
	"oalab/server/internal/reply"
)

// memory is a store and a cache of replies that servers share.
type memory struct {
	mu     sync.Mutex
	stored map[string]message.Reply
	jobs   int
	kept   map[string]message.Reply
	claims map[string]bool
	misses int
	away   error // of the store
}

func newMemory() *memory {
	return &memory{stored: map[string]message.Reply{}, kept: map[string]message.Reply{}, claims: map[string]bool{}}
}

func (m *memory) Reply(_ context.Context, account, key string) (message.Reply, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, found := m.stored[account+key]
	return r, found, m.away
}

func (m *memory) SaveReply(_ context.Context, account, key string, r message.Reply, jobs ...job.Envelope) (message.Reply, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.away != nil {
		return message.Reply{}, m.away
	}
	if first, found := m.stored[account+key]; found {
		return first, nil
	}
	m.stored[account+key] = r
	m.jobs += len(jobs)
	return r, nil
}

func (m *memory) Get(_ context.Context, account, key string) (r message.Reply, found, asked bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, found = m.kept[account+key]
	return r, found, true
}

func (m *memory) Put(_ context.Context, account, key string, r message.Reply, had bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.kept[account+key] = r
	if had {
		m.misses++
	}
}

func (m *memory) Claim(_ context.Context, account, key string) (func(context.Context), bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.claims[account+key] {
		return func(context.Context) {}, false
	}
	m.claims[account+key] = true
	return func(context.Context) {
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.claims, account+key)
	}, true
}

func newKeeper(t *testing.T, m *memory, cache reply.Cache) *reply.Keeper {
	t.Helper()
	k, err := reply.New(m, cache, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// MSG-4, MSG-6: a message keeps its first reply of any form, with a cache, with one that
// has lost it, and with none; its jobs are stored once.
func TestAMessageKeepsItsFirstReply(t *testing.T) {
	t.Parallel()
	for name, of := range stored {
		m := newMemory()
		drafts := 0
		make := func(context.Context, string) (reply.Draft, error) {
			drafts++
			if drafts > 1 {
				return reply.Draft{Reply: message.Text("another"), Jobs: []job.Envelope{{}}}, nil
			}
			return reply.Draft{Reply: of.reply, Jobs: []job.Envelope{{}}}, nil
		}
		for i, k := range []*reply.Keeper{newKeeper(t, m, m), newKeeper(t, m, m), newKeeper(t, m, nil)} {
			if got, err := k.Make(t.Context(), "demo", "m", make); err != nil || !reply.Same(got, of.reply) {
				t.Errorf("%s, server %d: %+v, %v", name, i, got, err)
			}
		}
		if drafts != 1 {
			t.Errorf("%s was drafted %d times", name, drafts)
		}
		clear(m.kept)
		if got, err := newKeeper(t, m, m).Make(t.Context(), "demo", "m", make); err != nil || !reply.Same(got, of.reply) || m.jobs != 1 || m.misses != 1 {
			t.Errorf("%s, lost by the cache: %+v, %v; %d jobs, %d misses", name, got, err, m.jobs, m.misses)
		}
		commit := func(ctx context.Context, key string) (first, mine message.Reply, err error) {
			mine = message.Text("a third one")
			first, err = m.SaveReply(ctx, "demo", key, mine)
			return first, mine, err
		}
		clear(m.kept)
		for range 2 { // from the store, then from the cache
			if got, err := newKeeper(t, m, m).Commit(t.Context(), "demo", "m", commit); err != nil || !reply.Same(got, of.reply) || m.misses != 2 {
				t.Errorf("%s, committed: %+v, %v; %d misses", name, got, err, m.misses)
			}
		}
	}
}

func TestAnErrorKeepsNothing(t *testing.T) {
	t.Parallel()
	m := newMemory()
	k := newKeeper(t, m, m)
	failed := errors.New("failed")
	if _, err := k.Make(t.Context(), "demo", "m", func(context.Context, string) (reply.Draft, error) { return reply.Draft{}, failed }); !errors.Is(err, failed) {
		t.Errorf("made: %v", err)
	}
	if _, err := k.Commit(t.Context(), "demo", "m", func(context.Context, string) (first, mine message.Reply, err error) { return first, mine, failed }); !errors.Is(err, failed) {
		t.Errorf("committed: %v", err)
	}
	m.away = failed
	if _, err := k.Make(t.Context(), "demo", "m", func(context.Context, string) (reply.Draft, error) { return reply.Draft{Reply: message.Text("x")}, nil }); !errors.Is(err, failed) {
		t.Errorf("without the store: %v", err)
	}
	if len(m.stored)+len(m.kept)+len(m.claims) != 0 {
		t.Errorf("left behind: %v, %v, %v", m.stored, m.kept, m.claims)
	}
	for name, wait := range map[string]time.Duration{"no wait": 0, "a negative wait": -1} {
		if _, err := reply.New(m, m, wait); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

// A server waits for another one that works on the message, and passes by a dead one.
func TestAnotherServersWorkIsWaitedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		slow := func(context.Context, string) (reply.Draft, error) {
			<-time.After(500 * time.Millisecond)
			return reply.Draft{Reply: message.Text("first")}, nil
		}
		own := func(context.Context, string) (reply.Draft, error) {
			return reply.Draft{Reply: message.Text("second")}, nil
		}
		var first sync.WaitGroup
		first.Go(func() {
			if _, err := newKeeper(t, m, m).Make(t.Context(), "demo", "m", slow); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		if got, err := newKeeper(t, m, m).Make(t.Context(), "demo", "m", own); err != nil || got != message.Text("first") {
			t.Errorf("beside another server: %+v, %v", got, err)
		}
		first.Wait()
		m.Claim(t.Context(), "demo", "dead")
		began := time.Now()
		if got, err := newKeeper(t, m, m).Make(t.Context(), "demo", "dead", own); err != nil || got != message.Text("second") || time.Since(began) != time.Second {
			t.Errorf("beside a dead server: %+v, %v after %v", got, err, time.Since(began))
		}
	})
}

func TestStoredKey(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("长", 60)
	for key, want := range map[string]bool{"7": true, strings.Repeat("x", 160): true, strings.Repeat("x", 161): false, long: false} {
		got := reply.StoredKey(key)
		if (got == key) != want || len(got) > 160 {
			t.Errorf("%q became %q", key, got)
		}
	}
	if reply.StoredKey(long) == reply.StoredKey(long+"!") {
		t.Error("long keys are not told apart")
	}
}
