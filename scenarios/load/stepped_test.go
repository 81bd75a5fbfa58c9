package load_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"oalab/scenarios/load"
)

func TestSteppedKeepsItsClients(t *testing.T) {
	steps := []load.Step{{Clients: 3, Requests: 60}, {Clients: 1, Requests: 5}, {Clients: 8, Requests: 80}, {Clients: 4, Requests: 2}}
	var (
		mu             sync.Mutex
		inFlight, most int
		met            chan struct{} // closed when as many are in flight as the step allows
		begun          []int
		wrong          []string
	)
	u, rt := target(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		inFlight++
		step, here := steps[begun[len(begun)-1]], met
		if inFlight > most {
			most = inFlight
			if most == min(step.Clients, step.Requests) {
				close(met)
			}
		}
		mu.Unlock()
		// The first of a step stay until all its clients are here, which would be never if
		// there were fewer. Then a little longer, so that one too many would meet them: also
		// one that takes the beginning of an answer for its end.
		select {
		case <-here:
			w.WriteHeader(http.StatusOK)
			if err := http.NewResponseController(w).Flush(); err != nil {
				t.Error(err)
			}
			stay := time.NewTimer(time.Millisecond)
			<-stay.C
		case <-r.Context().Done():
		}
		mu.Lock()
		inFlight--
		mu.Unlock()
	})
	var record bytes.Buffer
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	check := func() {
		if inFlight != 0 {
			wrong = append(wrong, "operations in flight between steps")
		}
		if len(begun) == 0 {
			return
		}
		step := begun[len(begun)-1]
		if want := min(steps[step].Clients, steps[step].Requests); most != want {
			wrong = append(wrong, fmt.Sprintf("step %d had %d operations in flight at the most, want %d", step, most, want))
		}
	}
	sum, err := load.Stepped{
		Common: load.Common{Attack: "steps", Transport: rt, URL: u, Record: &record, CutAfterInterrupt: time.Second},
		Steps:  steps,
		Between: func(_ context.Context, step int) error {
			mu.Lock()
			defer mu.Unlock()
			check()
			begun, most, met = append(begun, step), 0, make(chan struct{})
			return nil
		},
	}.Run(ctx)
	check()
	if err != nil {
		t.Fatal(err)
	}
	if sum.Started != 147 || sum.Scheduled != 147 || sum.Dropped != 0 || sum.Failed != 0 {
		t.Errorf("summary %+v, want 147 operations", sum)
	}
	if diff := cmp.Diff([]int{0, 1, 2, 3}, begun); diff != "" {
		t.Errorf("steps begun (-want +got):\n%s", diff)
	}
	for _, w := range wrong {
		t.Error(w)
	}
	ops := operations(t, &record, "steps", sum.Base)
	if len(ops) != 147 {
		t.Fatalf("%d operations recorded", len(ops))
	}
	// Numbers follow the steps: what ended of one is over before the next begins.
	at := 0
	for _, s := range steps[:3] {
		at += s.Requests
		for _, op := range ops[:at] {
			if op.EndS() > ops[at].StartS {
				t.Errorf("operation %d ended after operation %d of the next step began", op.Seq, at)
			}
		}
	}
}

func TestSteppedEndsEarly(t *testing.T) {
	errNo := errors.New("no such way")
	step := []load.Step{{Clients: 2, Requests: 10}}
	quick := transport(func(r *http.Request) (*http.Response, error) { return answer(r, http.StatusOK), nil })
	sum, err := load.Stepped{
		Common: load.Common{Attack: "steps", Transport: quick}, Steps: append(step, step...),
		Between: func(_ context.Context, n int) error {
			if n == 1 {
				return errNo
			}
			return nil
		},
	}.Run(t.Context())
	if !errors.Is(err, errNo) || sum.Started != 10 || sum.Dropped != 10 {
		t.Errorf("%+v, %v; want the error and the first step", sum, err)
	}

	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	sum, err = load.Stepped{Common: load.Common{Attack: "steps", Transport: transport(hang), CutAfterInterrupt: 20 * time.Millisecond}, Steps: step}.Run(ctx)
	if err != nil || !sum.Interrupted || !sum.Cut || sum.Started != 2 || sum.Dropped != 8 {
		t.Errorf("%+v, %v; want two operations, interrupted and cut", sum, err)
	}
	for name, bad := range map[string][]load.Step{"a step": nil, "step 1 has 0 clients": {step[0], {Requests: 1}}, "and 0 requests": {{Clients: 1}}} {
		if _, err := (load.Stepped{Common: load.Common{Attack: "steps", Transport: quick}, Steps: bad}).Run(t.Context()); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%v: %v, want an error with %q", bad, err, name)
		}
	}
}

// TestAStepThatTakesTooLongEnds: a step begins nothing after its time, however many requests
// it has left, and the next ones are carried out.
func TestAStepThatTakesTooLongEnds(t *testing.T) {
	slow := transport(func(r *http.Request) (*http.Response, error) {
		wait := time.NewTimer(10 * time.Millisecond)
		defer wait.Stop()
		select {
		case <-wait.C:
			return answer(r, http.StatusOK), nil
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
	})
	var over [3]int
	var record bytes.Buffer
	sum, err := load.Stepped{
		Common: load.Common{Attack: "steps", Transport: slow, Record: &record},
		Steps:  []load.Step{{Clients: 1, Requests: 3}, {Clients: 2, Requests: 100_000, Most: 100 * time.Millisecond}, {Clients: 1, Requests: 5}},
		Over:   func(step, requests int) { over[step] = requests },
	}.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if over[0] != 3 || over[2] != 5 || over[1] < 1 || over[1] > 25 {
		t.Errorf("steps had %v requests, want 3, at most 25, and 5", over)
	}
	if all := over[0] + over[1] + over[2]; sum.Started != all || sum.Scheduled != all || sum.Dropped != 0 {
		t.Errorf("%+v, want %d operations and none dropped", sum, all)
	}
}
