package probe

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"oalab/scenarios/history"
)

// gate is a server that can be told to keep silent.
type gate struct {
	mu   sync.Mutex
	shut chan struct{} // closed when it opens again; nil: open
}

func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	shut := g.shut
	g.mu.Unlock()
	if shut != nil {
		select {
		case <-shut:
		case <-r.Context().Done():
		}
	}
	w.Header().Set("X-Node", "lb2")
}

// samples gathers what a probe records.
type samples struct {
	mu   sync.Mutex
	list []history.Sample
	seen chan history.Sample
}

func (s *samples) record(x history.Sample) error {
	s.mu.Lock()
	s.list = append(s.list, x)
	s.mu.Unlock()
	select {
	case s.seen <- x:
	default:
	}
	return nil
}

// await returns the first recorded sample that has the property.
func (s *samples) await(t *testing.T, what string, has func(history.Sample) bool) history.Sample {
	t.Helper()
	limit := time.After(20 * time.Second)
	for {
		select {
		case x := <-s.seen:
			if has(x) {
				return x
			}
		case <-limit:
			t.Fatalf("never seen: %s", what)
		}
	}
}

// TestSteadySeesAnOutageAsLongAsItIs: questions go on while earlier ones wait.
func TestSteadySeesAnOutageAsLongAsItIs(t *testing.T) {
	t.Parallel()
	g := &gate{}
	server := httptest.NewServer(g)
	defer server.Close()
	const every, limit = 5 * time.Millisecond, 400 * time.Millisecond
	probe := Steady{Name: "vip", URL: server.URL, Every: every, Timeout: limit, Read: func(r *http.Response) ([]Reading, error) {
		if r.Header.Get("X-Node") != "lb2" {
			return nil, errors.New("unknown node")
		}
		return []Reading{{Name: "node", Value: 2}}, nil
	}}
	got := &samples{seen: make(chan history.Sample, 100_000)}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	base := time.Now()
	go func() { done <- probe.Run(ctx, base, got.record) }()
	answered := func(x history.Sample) bool { return x.Name == "node" && x.Value == 2 }
	got.await(t, "an answer", answered)

	shut := make(chan struct{})
	g.mu.Lock()
	g.shut = shut
	g.mu.Unlock()
	from := time.Since(base).Seconds()
	first := got.await(t, "a question without an answer", func(x history.Sample) bool {
		return x.Error != "" && x.AtS >= from-every.Seconds() // one before it is a disturbed machine's
	})
	g.mu.Lock()
	g.shut = nil
	g.mu.Unlock()
	close(shut)
	to := time.Since(base).Seconds()
	got.await(t, "an answer after it", func(x history.Sample) bool { return answered(x) && x.AtS > to })
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if first.AtS > from+limit.Seconds()/2 {
		t.Errorf("the first question without an answer is dated %.3f s, the outage began at %.3f s", first.AtS, from)
	}
	asked := 0
	for _, x := range got.list {
		if x.Name == "node" && x.AtS >= from && x.AtS < to {
			asked++ // waited at the gate and was let through
		}
	}
	if asked < 10 {
		t.Errorf("%d questions were put during the outage of %.3f s: they wait for each other", asked, to-from)
	}
}

func TestSteadyRefuses(t *testing.T) {
	t.Parallel()
	for _, s := range []Steady{{Name: "a", Every: 1}, {Name: "a", Timeout: 1}, {Every: 1, Timeout: 1}} {
		if err := s.Run(t.Context(), time.Now(), nil); err == nil {
			t.Errorf("%+v runs", s)
		}
	}
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	full := errors.New("disk full")
	var said []string
	var mu sync.Mutex
	err := Steady{Name: "a", URL: server.URL, Every: time.Millisecond, Timeout: time.Second}.Run(t.Context(), time.Now(), func(x history.Sample) error {
		mu.Lock()
		defer mu.Unlock()
		said = append(said, x.Error)
		return full
	})
	if !errors.Is(err, full) {
		t.Errorf("a record that fails: %v", err)
	}
	if len(said) == 0 || !strings.Contains(said[0], "404") {
		t.Errorf("a status that is not 200 is recorded as %q", said)
	}
}
