package callback_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"oalab/server/internal/callback"
	"oalab/server/internal/message"
)

// TestDatabaseAwayForAll (STO-7): a server whose copies may be too old refuses, so that the
// load balancer asks another one. Asked with leave it answers keywords from memory, marks
// and counts the answer, and still refuses business.
func TestDatabaseAwayForAll(t *testing.T) {
	t.Parallel()
	away := errors.New("the database does not answer")
	var current error
	b := newRig(t, callback.Config{Current: func(ctx context.Context) error {
		if _, bounded := ctx.Deadline(); !bounded {
			t.Error("the wait for the database has no end")
		}
		return current
	}})
	b.business.do = func(_ context.Context, c command) (message.Reply, bool, error) {
		if c.Text == "KT10" {
			return message.Reply{}, true, away
		}
		return message.Reply{}, false, nil
	}
	for i, tc := range []struct {
		name, words string
		current     error
		leave       bool
		status      int
		stale       bool
	}{
		{"all well", "资费", nil, false, 200, false},
		{"leave is not needed", "资费", nil, true, 200, false},
		{"cut off alone", "资费", away, false, 503, false},
		{"away for all: keyword", "资费", away, true, 200, true},
		{"away for all: no keyword", "你好", away, true, 200, true},
		{"away for all: business", "KT10", away, true, 503, false},
	} {
		current = tc.current
		id := string(rune('1' + i))
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, signed("demo", token, id), strings.NewReader(text(id, tc.words)))
		if tc.leave {
			r.Header.Set("X-Stale-Leave", "1")
		}
		w := httptest.NewRecorder()
		b.router.ServeHTTP(w, r)
		if possible := w.Header().Get("X-Stale-Possible") != ""; possible != (tc.status == 503 && !tc.leave) {
			t.Errorf("%s: says %v of an answer from memory", tc.name, possible)
		}
		if w.Code != tc.status || (w.Header().Get("X-Stale") != "") != tc.stale {
			t.Errorf("%s: status %d, marked %q; want %d, marked %v", tc.name, w.Code, w.Header().Get("X-Stale"), tc.status, tc.stale)
		}
	}
	if got := b.counter(t, `oalab_callback_messages_total{outcome="stale",type="text"}`); got != "2" {
		t.Errorf("%s stale answers are counted, want 2", got)
	}
}

// TestSilentDatabase (STO-7): a database that takes packets and never answers is away too. The
// server says so in time for the load balancer to ask another one, and then once more with leave.
func TestSilentDatabase(t *testing.T) {
	t.Parallel()
	for _, budget := range []time.Duration{800 * time.Millisecond, 1800 * time.Millisecond} {
		synctest.Test(t, func(t *testing.T) {
			b := newRig(t, callback.Config{Budget: budget, Current: func(ctx context.Context) error {
				<-ctx.Done()
				return ctx.Err()
			}})
			began := time.Now()
			w := b.post(t, signed("demo", token, "1"), text("1", "资费"))
			if w.Code != http.StatusServiceUnavailable || w.Header().Get("X-Stale-Possible") == "" {
				t.Errorf("budget %s: status %d, header %v; want 503 that says what leave would do", budget, w.Code, w.Header())
			}
			if took := time.Since(began); took > budget/2 {
				t.Errorf("budget %s: refused after %s, want half of it", budget, took)
			}
		})
	}
}
