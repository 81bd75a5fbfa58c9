package business_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"oalab/server/internal/message"
)

// sharedReplies is a cache that two servers share.
type sharedReplies struct {
	mu      sync.Mutex
	kept    map[string]message.Reply
	claims  map[string]bool
	refused int
	hits    int
	misses  int
	silent  bool // it does not answer
}

func newSharedReplies() *sharedReplies {
	return &sharedReplies{kept: map[string]message.Reply{}, claims: map[string]bool{}}
}

func (s *sharedReplies) Get(_ context.Context, account, key string) (r message.Reply, found, asked bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.silent {
		return message.Reply{}, false, false
	}
	r, found = s.kept[account+key]
	if found {
		s.hits++
	}
	return r, found, true
}

func (s *sharedReplies) Put(_ context.Context, account, key string, r message.Reply, had bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if had {
		s.misses++
	}
	s.kept[account+key] = r
}

func (s *sharedReplies) Claim(_ context.Context, account, key string) (func(context.Context), bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.claims[account+key] {
		s.refused++
		return func(context.Context) {}, false
	}
	s.claims[account+key] = true
	return func(context.Context) {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.claims, account+key)
	}, true
}

func (s *sharedReplies) count() (refused, hits int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.refused, s.hits
}

// A try that reaches another server while the first is being worked on waits for
// that reply (MSG-6).
func TestTwoServersShareOneQuery(t *testing.T) {
	w := newWorld(t)
	arrived, hold := make(chan struct{}), make(chan struct{})
	w.onUsage = func(context.Context, int) error {
		arrived <- struct{}{}
		<-hold
		return nil
	}
	shared := newSharedReplies()
	one := w.start(t, options{inline: 10 * time.Second, replies: shared})
	defer one.stop()
	other := w.start(t, options{inline: 10 * time.Second, replies: shared})
	defer other.stop()
	replies := make(chan message.Reply, 2)
	var tries sync.WaitGroup
	tries.Go(func() { replies <- one.mustAnswer("m1", "CXLL") })
	<-arrived
	tries.Go(func() { replies <- other.mustAnswer("m1", "CXLL") })
	until(t, "the other server waits", func() bool { refused, _ := shared.count(); return refused > 0 })
	close(hold)
	tries.Wait()
	if a, b := <-replies, <-replies; a != b || a.Later {
		t.Errorf("replies %+v and %+v", a, b)
	}
	if w.usages != 1 {
		t.Errorf("%d calls to the carrier, want one for both", w.usages)
	}
	if _, before := shared.count(); before == 0 {
		t.Error("the second reply did not come from the cache")
	}
	if len(shared.claims) != 0 {
		t.Errorf("claims left behind: %v", shared.claims)
	}
}

// A claim whose server has died holds a message up for a moment, no longer.
func TestTheClaimOfADeadServerIsPassedBy(t *testing.T) {
	w := newWorld(t)
	shared := newSharedReplies()
	if _, mine := shared.Claim(t.Context(), account, "m1"); !mine {
		t.Fatal("not mine")
	}
	p := w.start(t, options{replies: shared})
	defer p.stop()
	if r := p.mustAnswer("m1", "CXLL"); r.Later || w.usages != 1 {
		t.Errorf("%+v after %d calls", r, w.usages)
	}
	if refused, _ := shared.count(); refused == 0 {
		t.Error("the claim was not seen")
	}
}

// The cache is asked first, and it holds only what the database has.
func TestRepliesInTheCacheAreThoseOfTheDatabase(t *testing.T) {
	w := newWorld(t)
	shared := newSharedReplies()
	p := w.start(t, options{replies: shared})
	defer p.stop()
	for _, c := range []struct{ key, text string }{{"m1", "CXLL"}, {"m2", "KT10"}} {
		first := p.mustAnswer(c.key, c.text)
		stored, found, err := p.db.Reply(t.Context(), account, c.key)
		kept, ok, _ := shared.Get(t.Context(), account, c.key)
		if err != nil || !found || !ok || stored != first || kept != first {
			t.Errorf("%s: answered %+v, stored %+v, kept %+v, %v", c.text, first, stored, kept, err)
		}
		_, before := shared.count()
		if again := p.mustAnswer(c.key, c.text); again != first {
			t.Errorf("%s: a retry reads %+v", c.text, again)
		}
		if _, after := shared.count(); after != before+1 {
			t.Errorf("%s: the retry was not answered from the cache", c.text)
		}
	}
}

// A cache that has lost a reply, or does not answer, changes no reply: the database has
// the first one. Without a word of the cache the carrier is not asked again.
func TestTheFirstReplyWinsWhenTheCacheHasLostIt(t *testing.T) {
	for name, test := range map[string]struct {
		lose   func(*sharedReplies)
		usages int
	}{
		"emptied": {func(s *sharedReplies) { clear(s.kept) }, 2},
		"silent":  {func(s *sharedReplies) { s.silent = true }, 1},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			shared := newSharedReplies()
			p := w.start(t, options{replies: shared})
			defer p.stop()
			query, order := p.mustAnswer("m1", "CXLL"), p.mustAnswer("m2", "KT10")
			test.lose(shared)
			if again := p.mustAnswer("m1", "CXLL"); again != query || w.usages != test.usages {
				t.Errorf("first %+v, then %+v after %d calls to the carrier, want %d", query, again, w.usages, test.usages)
			}
			if again := p.mustAnswer("m2", "KT10"); again != order {
				t.Errorf("first %+v, then %+v", order, again)
			}
			if shared.misses != 2 {
				t.Errorf("%d misses, want 2", shared.misses)
			}
		})
	}
}
