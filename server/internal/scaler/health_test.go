package scaler

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// apps are app servers of which some are dead.
type apps struct {
	mu   sync.Mutex
	dead map[string]bool
}

func (a *apps) set(dead bool, servers ...string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.dead == nil {
		a.dead = make(map[string]bool)
	}
	for _, s := range servers {
		a.dead[s] = dead
	}
}

func (a *apps) ask(_ context.Context, server string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.dead[server] {
		return errors.New("connection refused")
	}
	return nil
}

// TestABandIsOfHealthyServers (DIS-2): in the lowest band the only server dies; the next
// healthy one takes its place, another stands by, and the first returns.
func TestABandIsOfHealthyServers(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		dieAndReturn(w)
		want(t, w, "0: a b c d e f,backup", "20: a b,backup", "33: b c,backup", "53: b d,backup", "72: a b,backup")
		if got := value(t, w, "oalab_scaler_healthy_servers"); got != 6 {
			t.Errorf("%v servers are said to be healthy, want 6", got)
		}
		if got := value(t, w, "oalab_scaler_servers"); got != 1 {
			t.Errorf("%v servers are said to serve, want 1: one that stands by does not", got)
		}
		if log := w.log.String(); strings.Count(log, "is unhealthy") != 2 || !strings.Contains(log, "connection refused") {
			t.Errorf("the log does not tell the two failures, or not why:\n%s", log)
		}
	})
}

// TestTooFewHealthyServers: the pool never becomes smaller than the band wants, also not
// when no server answers, and one failure alone changes nothing.
func TestTooFewHealthyServers(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.own.load(2000)
		after(30 * time.Second)
		w.apps.set(true, "a")
		after(2 * time.Second)
		w.apps.set(false, "a")
		after(10 * time.Second)
		w.apps.set(true, "a", "b", "d", "f")
		after(10 * time.Second)
		w.apps.set(true, "c", "e")
		after(10 * time.Second)
		want(t, w, "0: a b c d e f,backup", "20: a b c d,backup", "45: a c e", "55: a b c")
	})
}

func TestPool(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		down string
		n    int
		want []string
	}{
		{"all healthy", "", 2, []string{"a:1,weight=2", "b:2", "c:3,backup"}},
		{"first down", "a", 1, []string{"b:2", "c:3,backup"}},
		{"standby keeps its parameters", "b", 0, []string{"a:1,weight=2,backup"}},
		{"top band has no standby", "", 3, []string{"a:1,weight=2", "b:2", "c:3"}},
		{"filled in order", "ac", 2, []string{"a:1,weight=2", "b:2"}},
		{"none healthy", "abc", 2, []string{"a:1,weight=2", "b:2"}},
	} {
		h := newHealth((&apps{}).ask, []string{"a:1,weight=2", "b:2", "c:3"})
		for i, s := range h.servers {
			h.down[i] = strings.ContainsRune(tc.down, rune(s[0]))
		}
		if diff := cmp.Diff(tc.want, h.pool(tc.n)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.name, diff)
		}
	}
}

func TestReady(t *testing.T) {
	t.Parallel()
	status := http.StatusOK
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/readyz" {
			t.Errorf("asked for %s", r.URL.Path)
		}
		w.WriteHeader(status)
	}))
	defer app.Close()
	address := app.Listener.Addr().String()
	host, port, _ := strings.Cut(address, ":")
	ask := Ready("/readyz", 0)
	if err := ask(t.Context(), address+",weight=2"); err != nil {
		t.Errorf("a ready server: %v", err)
	}
	n := 0
	for _, digit := range port {
		n = 10*n + int(digit-'0')
	}
	if err := Ready("/readyz", n)(t.Context(), host+":1"); err != nil {
		t.Errorf("a ready server by its other port: %v", err)
	}
	status = http.StatusServiceUnavailable
	if err := ask(t.Context(), address); err == nil || !strings.Contains(err.Error(), "503") {
		t.Errorf("a server that is not ready: %v", err)
	}
	app.Close()
	if err := ask(t.Context(), address); err == nil {
		t.Error("a server that is gone: no error")
	}
}

// dieAndReturn is a small load, under which two app servers die and come back.
func dieAndReturn(w *world) {
	w.own.load(100)
	after(30 * time.Second)
	w.apps.set(true, "a")
	after(20 * time.Second)
	w.apps.set(true, "c")
	after(20 * time.Second)
	w.apps.set(false, "a", "c")
	after(20 * time.Second)
}
