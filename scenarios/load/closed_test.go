package load_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"oalab/scenarios/load"
)

func TestClosedKeepsEachClientWaiting(t *testing.T) {
	var inFlight, most, served atomic.Int64
	u, rt := target(t, func(w http.ResponseWriter, _ *http.Request) {
		n := inFlight.Add(1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		served.Add(1)
		defer inFlight.Add(-1)
		w.WriteHeader(http.StatusOK)
	})
	var record bytes.Buffer
	sum, err := load.Closed{
		Common:  load.Common{Attack: "closed", Transport: rt, URL: u, Record: &record},
		Clients: 4, Requests: 500,
	}.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if sum.Started != 500 || sum.Scheduled != 500 || sum.Dropped != 0 || sum.Failed != 0 || served.Load() != 500 {
		t.Errorf("summary %+v, %d served, want 500", sum, served.Load())
	}
	if most.Load() > 4 {
		t.Errorf("%d operations in flight with 4 clients", most.Load())
	}
	if ops := operations(t, &record, "closed", sum.Base); len(ops) != 500 {
		t.Errorf("%d operations recorded, want 500", len(ops))
	}
}

func TestClosedEndsByTime(t *testing.T) {
	o := load.Closed{Common: load.Common{Attack: "closed", Transport: transport(hang), CutAfter: 50 * time.Millisecond}, Clients: 2, For: 50 * time.Millisecond}
	sum, err := o.Run(t.Context())
	if err != nil || sum.Started != 2 || !sum.Cut {
		t.Errorf("%+v, %v, want two operations, cut off", sum, err)
	}
}

func TestCalibrate(t *testing.T) {
	connections := func() *http.Transport {
		return &http.Transport{MaxConnsPerHost: 16, MaxIdleConnsPerHost: 16}
	}
	plain := func(string) (http.RoundTripper, error) { return connections(), nil }
	quick := load.Calibration{Transport: plain, Clients: 16, WarmUp: 50 * time.Millisecond, For: 200 * time.Millisecond}
	ceiling, err := load.Calibrate(t.Context(), quick)
	if err != nil {
		t.Fatal(err)
	}
	if ceiling < 500 {
		t.Errorf("ceiling of %.0f/s, want some thousands", ceiling)
	}
	t.Logf("ceiling %.0f/s", ceiling)

	// A transport with work of its own has a lower ceiling: it is the request path
	// that is measured, not the machine.
	slow := quick
	slow.Clients = 1
	slow.Transport = func(string) (http.RoundTripper, error) {
		next := connections()
		return transport(func(r *http.Request) (*http.Response, error) {
			wait := time.NewTimer(10 * time.Millisecond)
			defer wait.Stop()
			<-wait.C
			defer next.CloseIdleConnections()
			return next.RoundTrip(r)
		}), nil
	}
	if got, err := load.Calibrate(t.Context(), slow); err != nil || got > 100 {
		t.Errorf("ceiling of a path that takes 10 ms: %.0f/s, %v, want at most 100/s", got, err)
	}
}

func TestCalibrateErrors(t *testing.T) {
	errNo := errors.New("no such path")
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for name, tc := range map[string]struct {
		ctx  context.Context
		make func(string) (http.RoundTripper, error)
		says string
	}{
		"no transport":    {t.Context(), nil, "transport is needed"},
		"transport fails": {t.Context(), func(string) (http.RoundTripper, error) { return nil, errNo }, errNo.Error()},
		"operations fail": {t.Context(), func(string) (http.RoundTripper, error) {
			return transport(func(r *http.Request) (*http.Response, error) { return answer(r, http.StatusGatewayTimeout), nil }), nil
		}, "failed, first with"},
		"cancelled": {cancelled, func(u string) (http.RoundTripper, error) {
			_, err := url.Parse(u)
			return transport(hang), err
		}, ""},
	} {
		c := load.Calibration{Transport: tc.make, WarmUp: time.Millisecond, For: 20 * time.Millisecond, Clients: 2}
		if got, err := load.Calibrate(tc.ctx, c); err == nil || got != 0 || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%s: %v, %v, want an error with %q", name, got, err, tc.says)
		}
	}
}
