package load_test

import (
	"bytes"
	"context"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"oalab/scenarios/load/pacing"
	"oalab/scenarios/load/profile"
	"oalab/scenarios/workload"
)

// serve is a transport that takes so long for an operation as its start, counted from the
// first one, decides.
func serve(takes func(start time.Duration) time.Duration) transport {
	base := time.Now()
	return func(r *http.Request) (*http.Response, error) {
		time.Sleep(takes(time.Since(base)))
		return answer(r, http.StatusOK), nil
	}
}

// TestFewWorkersAtFirst: a load that needs three operations in flight has hardly more
// goroutines, however many it might need one day.
func TestFewWorkersAtFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		before := runtime.NumGoroutine()
		var most atomic.Int64
		quick := serve(func(time.Duration) time.Duration { return 2500 * time.Microsecond })
		o := openLoad(t, transport(func(r *http.Request) (*http.Response, error) {
			if n := int64(runtime.NumGoroutine() - before); n > most.Load() {
				most.Store(n)
			}
			return quick(r)
		}), constant(t, 1000, time.Second))
		var record bytes.Buffer
		o.MaxWorkers, o.Record = 5000, &record
		sum, err := o.Run(t.Context())
		if err != nil || sum.Started != 1000 || sum.Late != 0 {
			t.Fatalf("%+v, %v", sum, err)
		}
		if most.Load() > 8 {
			t.Errorf("%d goroutines for three operations in flight", most.Load())
		}
		due := dueOf(t, o.Profile)
		for _, op := range operations(t, &record, "main", sum.Base) {
			if math.Abs(op.StartS-due[op.Seq]) > 1e-6 {
				t.Fatalf("operation %d began at %v, due at %v", op.Seq, op.StartS, due[op.Seq])
			}
		}
	})
}

// TestTruthUnderAFrozenServer: a second of 1000/s for ten is frozen. Measured from the due
// time p99 is 900 ms, with few workers and with many.
func TestTruthUnderAFrozenServer(t *testing.T) {
	for _, workers := range []int{64, 5000} {
		synctest.Test(t, func(t *testing.T) {
			frozen := serve(func(start time.Duration) time.Duration {
				const from, to = 4500 * time.Millisecond, 5500 * time.Millisecond
				if start < from || start >= to {
					return time.Millisecond
				}
				return to - start + time.Millisecond
			})
			var record bytes.Buffer
			o := openLoad(t, frozen, constant(t, 1000, 10*time.Second))
			o.MaxWorkers, o.Record = workers, &record
			sum, err := o.Run(t.Context())
			if err != nil || sum.Started != 10000 || sum.Dropped != 0 {
				t.Fatalf("%+v, %v", sum, err)
			}
			ops, due := operations(t, &record, "main", sum.Base), dueOf(t, o.Profile)
			waited := pacing.DueLatencies(ops, due)
			slices.Sort(waited)
			if p99 := waited[9899]; p99 < 0.890 || p99 > 0.920 {
				t.Errorf("%d workers: p99 from the due time %.4f s, want 0.890 to 0.920", workers, p99)
			}
			l := pacing.LatenessOf(ops, due, workers)
			if l.Own != 0 || l.PacingErrorP99S > 0.001 || (l.Charged > 0) != (workers == 64) {
				t.Errorf("%d workers: %+v, want all lateness charged to the system, and none with workers enough", workers, l)
			}
		})
	}
}

// TestAStallIsCaughtUpByFew: the generator stands still for 200 ms, and 2000 arrivals are
// overdue. With an idle system few
// workers do; a frozen one soon holds as many as it would without the stall.
func TestAStallIsCaughtUpByFew(t *testing.T) {
	for _, tc := range []struct {
		name        string
		takes       time.Duration
		least, most int64         // operations in flight
		within      time.Duration // until arrivals are punctual again
	}{
		{"an idle system", 500 * time.Microsecond, 1, 200, 200 * time.Millisecond},
		{"a frozen system", time.Minute, 5000, 5000, 150 * time.Millisecond},
	} {
		synctest.Test(t, func(t *testing.T) {
			var inFlight, most atomic.Int64
			var stalled atomic.Bool
			stall := func() { // holds up the goroutine that begins operations, as a stopped process
				if stalled.CompareAndSwap(false, true) {
					time.Sleep(200 * time.Millisecond)
				}
			}
			o := openLoad(t, transport(func(r *http.Request) (*http.Response, error) {
				if n := inFlight.Add(1); n > most.Load() {
					most.Store(n)
				}
				defer inFlight.Add(-1)
				select {
				case <-time.After(tc.takes):
				case <-r.Context().Done():
					return nil, context.Cause(r.Context())
				}
				return answer(r, http.StatusOK), nil
			}), stalling{constant(t, 10000, 500*time.Millisecond), stall})
			var record bytes.Buffer
			o.MaxWorkers, o.Record, o.CutAfter = 50000, &record, time.Second
			sum, err := o.Run(t.Context())
			if err != nil || sum.Started != 5000 {
				t.Fatalf("%s: %+v, %v", tc.name, sum, err)
			}
			if got := most.Load(); got < tc.least || got > tc.most {
				t.Errorf("%s: %d operations in flight at the most, want %d to %d", tc.name, got, tc.least, tc.most)
			}
			due := dueOf(t, o.Profile)
			for _, op := range operations(t, &record, "main", sum.Base) {
				if late := op.StartS - due[op.Seq]; late > pacing.LateAfterS && op.StartS > (200*time.Millisecond+tc.within).Seconds() {
					t.Fatalf("%s: operation %d began %.3f s late at %.3f s", tc.name, op.Seq, late, op.StartS)
				}
			}
		})
	}
}

// stalling is a profile whose hundredth arrival holds up the generator.
type stalling struct {
	profile.Profile
	stall func()
}

func (s stalling) At(n uint64) (time.Duration, bool) {
	if n == 100 {
		s.stall()
	}
	return s.Profile.At(n)
}

// TestConnectionsAreFew counts what reaches a real server.
func TestConnectionsAreFew(t *testing.T) {
	var connections atomic.Int64
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	srv.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	srv.Start()
	defer srv.Close()
	rt := &http.Transport{MaxIdleConnsPerHost: 1024}
	defer rt.CloseIdleConnections()
	var inFlight, most atomic.Int64
	o := openLoad(t, transport(func(r *http.Request) (*http.Response, error) {
		for n, m := inFlight.Add(1), most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		defer inFlight.Add(-1)
		return workload.Getter{Next: rt, Limit: workload.GetLimit}.RoundTrip(r)
	}), constant(t, 1000, time.Second))
	o.URL, o.Method = srv.URL, http.MethodGet
	sum, err := o.Run(t.Context())
	if err != nil || sum.Started == 0 || sum.Failed != 0 {
		t.Fatalf("%+v, %v", sum, err)
	}
	if got := connections.Load(); got > 2*most.Load() {
		t.Errorf("%d connections for at most %d operations in flight", got, most.Load())
	}
}
