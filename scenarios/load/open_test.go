package load_test

import (
	"bytes"
	"context"
	"errors"
	"math"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"oalab/scenarios/load"
	"oalab/scenarios/load/pacing"
	"oalab/scenarios/load/profile"
)

// TestFrozenServer is the line: a server frozen for 1 s in a 4 s run at 200/s with
// MaxWorkers 10. The followers' waits show from the due times; what vegeta measured does
// not show it (REP-3, PERF-5).
func TestFrozenServer(t *testing.T) {
	thaw := make(chan struct{})
	var began sync.Once
	var freezeAt time.Time
	url, rt := target(t, func(w http.ResponseWriter, _ *http.Request) {
		began.Do(func() {
			freezeAt = time.Now().Add(1500 * time.Millisecond)
			time.AfterFunc(2500*time.Millisecond, func() { close(thaw) })
		})
		if time.Now().After(freezeAt) {
			<-thaw
		}
		w.WriteHeader(http.StatusOK)
	})
	p := constant(t, 200, 4*time.Second)
	var record bytes.Buffer
	var base time.Time
	o := openLoad(t, rt, p)
	o.URL, o.MaxWorkers, o.Record = url, 10, &record
	o.Began = func(b time.Time) { base = b }
	var last load.Progress
	o.Progress = func(p load.Progress) {
		if p.Started < last.Started || p.Ended > p.Started || p.InFlight > 10 {
			t.Errorf("progress %+v after %+v", p, last)
		}
		last = p
	}
	sum, err := o.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if sum.Scheduled != 800 || sum.Started != 800 || sum.Dropped != 0 || sum.Failed != 0 || sum.Interrupted || sum.Cut {
		t.Errorf("summary %+v, want all 800 sent and answered", sum)
	}
	if !sum.Base.Equal(base) || last.Ended != 800 || last.Due != 800 || last.Late != sum.Late {
		t.Errorf("base %v and %v, last progress %+v", sum.Base, base, last)
	}
	ops := operations(t, &record, "main", base)
	due := dueOf(t, p)
	var sent []float64
	for _, op := range ops {
		if op.Status != http.StatusOK || op.StartS < due[op.Seq]-1e-3 {
			t.Fatalf("operation %+v, due at %v", op, due[op.Seq])
		}
		sent = append(sent, op.LatencyS)
	}
	if got := p95(pacing.DueLatencies(ops, due)); got < 0.7 {
		t.Errorf("p95 from the due time %.3f s, want at least 0.7 s", got)
	}
	if got := p95(sent); got >= 0.05 {
		t.Errorf("vegeta's own p95 %.3f s, want less than 0.05 s", got)
	}
	l := pacing.LatenessOf(ops, due, 10)
	if l.GeneratorBound() || l.Charged < 150 || l.Late != sum.Late {
		t.Errorf("want the lateness charged to the system, not to the generator: %+v, summary %+v", l, sum)
	}
}

func p95(v []float64) float64 {
	slices.Sort(v)
	return v[int(math.Ceil(0.95*float64(len(v))))-1]
}

func TestOperationsCarryTheirNumberAndNothingTooMuch(t *testing.T) {
	var mu sync.Mutex
	seen := map[string]int{}
	rt := transport(func(r *http.Request) (*http.Response, error) {
		mu.Lock()
		defer mu.Unlock()
		seen[r.Header.Get("X-Vegeta-Attack")+"/"+r.Header.Get("X-Vegeta-Seq")]++
		return answer(r, map[bool]int{true: http.StatusFound, false: http.StatusGatewayTimeout}[len(seen)%2 == 0]), nil
	})
	var record bytes.Buffer
	o := openLoad(t, rt, constant(t, 1000, 100*time.Millisecond))
	o.Record = &record
	sum, err := o.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if sum.Started != 100 || sum.Failed != 50 || len(seen) != 100 {
		t.Errorf("summary %+v, %d different operations, want 100, of which 50 failed", sum, len(seen))
	}
	for i := range 100 {
		if n := seen["main/"+strconv.Itoa(i)]; n != 1 {
			t.Errorf("operation %d was carried out %d times: redirects must not be followed", i, n)
		}
	}
	next := vegeta.NewDecoder(&record)
	for range 100 {
		var r vegeta.Result
		if err := next.Decode(&r); err != nil {
			t.Fatal(err)
		}
		if r.Body != nil || r.Headers != nil || r.Attack != "main" {
			t.Fatalf("recorded %+v", r)
		}
	}
}

func TestWhatCannotBeSentIsDroppedAndCounted(t *testing.T) {
	o := openLoad(t, transport(hang), constant(t, 100, 200*time.Millisecond))
	o.MaxWorkers, o.Grace, o.CutAfter = 3, 50*time.Millisecond, 100*time.Millisecond
	var record bytes.Buffer
	o.Record = &record
	began := time.Now()
	sum, err := o.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if sum.Scheduled != 20 || sum.Started != 3 || sum.Dropped != 17 || sum.Failed != 3 || !sum.Cut || sum.Interrupted {
		t.Errorf("summary %+v, want 3 of 20 started and cut off", sum)
	}
	if took := time.Since(began); took < 350*time.Millisecond || took > 5*time.Second {
		t.Errorf("ended after %v, want 350 ms: profile, grace, cut", took)
	}
	ops := operations(t, &record, "main", sum.Base)
	if len(ops) != 3 || ops[0].Status != 0 || ops[0].Error == "" {
		t.Errorf("recorded %+v, want 3 that failed", ops)
	}
	if l := pacing.LatenessOf(ops, dueOf(t, o.Profile), 3); l.Charged != 17 || l.Dropped != 17 {
		t.Errorf("the system held every worker, yet %+v", l)
	}
}

func TestInterruptStopsArrivalsAndKeepsTheRecord(t *testing.T) {
	for _, tc := range []struct {
		name string
		rt   transport
		cut  bool
	}{
		{"operations finish", func(r *http.Request) (*http.Response, error) { return answer(r, http.StatusOK), nil }, false},
		{"operations hang", hang, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var record bytes.Buffer
			// An hour's pause is being waited for when the interrupt comes.
			p, err := profile.Sequence(constant(t, 1000, 100*time.Millisecond), constant(t, 0, time.Hour), constant(t, 10, time.Second))
			if err != nil {
				t.Fatal(err)
			}
			o := openLoad(t, tc.rt, p)
			o.MaxWorkers, o.Record, o.CutAfterInterrupt = 200, &record, 100*time.Millisecond
			o.ProgressEvery = 10 * time.Millisecond
			o.Progress = func(p load.Progress) {
				if p.Started == 100 {
					cancel()
				}
			}
			sum, err := o.Run(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if !sum.Interrupted || sum.Started != 100 || sum.Dropped != 10 || sum.Cut != tc.cut {
				t.Errorf("summary %+v, want 100 started, interrupted, cut = %v", sum, tc.cut)
			}
			if ops := operations(t, &record, "main", sum.Base); len(ops) != 100 {
				t.Errorf("%d operations recorded, want 100", len(ops))
			}
		})
	}
}

func TestInterruptFreesAPacerThatWaitsForAWorker(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	o := openLoad(t, transport(func(r *http.Request) (*http.Response, error) {
		cancel()
		return hang(r)
	}), constant(t, 100, time.Hour))
	o.MaxWorkers, o.CutAfterInterrupt = 1, 50*time.Millisecond
	sum, err := o.Run(ctx)
	if err != nil || sum.Started != 1 || !sum.Cut || !sum.Interrupted {
		t.Errorf("%+v, %v, want one operation, cut off", sum, err)
	}
}

func TestAFullDiskEndsTheLoad(t *testing.T) {
	o := openLoad(t, transport(func(r *http.Request) (*http.Response, error) { return answer(r, http.StatusOK), nil }), constant(t, 100, time.Hour))
	o.MaxWorkers, o.Record = 4, &fullDisk{left: 1000}
	sum, err := o.Run(t.Context())
	if !errors.Is(err, errDisk) {
		t.Fatalf("%+v, %v, want the disk's error", sum, err)
	}
}

func TestInvalidLoads(t *testing.T) {
	rt := transport(hang)
	p := constant(t, 1, time.Second)
	for name, run := range map[string]func() (load.Summary, error){
		"no name": func() (load.Summary, error) {
			return load.Open{Common: load.Common{Transport: rt}, Profile: p}.Run(t.Context())
		},
		"no transport": func() (load.Summary, error) {
			return load.Open{Common: load.Common{Attack: "a"}, Profile: p}.Run(t.Context())
		},
		"no profile":       func() (load.Summary, error) { return openLoad(t, rt, nil).Run(t.Context()) },
		"empty profile":    func() (load.Summary, error) { return openLoad(t, rt, constant(t, 0, time.Second)).Run(t.Context()) },
		"a million worker": func() (load.Summary, error) { return openLoad(t, rt, constant(t, 1e6, time.Second)).Run(t.Context()) },
		"no client": func() (load.Summary, error) {
			return load.Closed{Common: load.Common{Attack: "a", Transport: rt}, Requests: 1}.Run(t.Context())
		},
		"no end": func() (load.Summary, error) {
			return load.Closed{Common: load.Common{Attack: "a", Transport: rt}, Clients: 1}.Run(t.Context())
		},
	} {
		if sum, err := run(); err == nil || sum != (load.Summary{}) {
			t.Errorf("%s: %+v, %v, want an error", name, sum, err)
		}
	}
}

func TestWorkersFor(t *testing.T) {
	p := constant(t, 320.1, time.Second)
	if messages, gets := load.WorkersFor(p, load.OperationSpan), load.WorkersFor(p, 5*time.Second); messages != 4802 || gets != 1601 {
		t.Errorf("320.1/s need %d workers for messages and %d for operations of 5 s, want 4802 and 1601", messages, gets)
	}
}
