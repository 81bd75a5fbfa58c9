package component

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"oalab/mockwechat/message"
	"oalab/mockwechat/platform"
	"oalab/mockwechat/push"
)

// bench is a server that runs in a bubble and notes its pushes.
func bench(t *testing.T, speed float64) (s *Server, at func() []time.Duration, stop func()) {
	t.Helper()
	p, err := platform.New(platform.Config{Accounts: []platform.Account{{Name: "demo", AppID: "wx1"}, {
		Name: "comp", AppID: "wx2", EncodingAESKey: "mNnY5GekpChwqhy2c4NBH90g3hND6GeI4gii2YCvKLY", CallbackURL: "http://a/",
		Component: platform.Component{MessageURL: "http://a/", TicketSpeed: speed},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	var work sync.WaitGroup
	var mu sync.Mutex
	var times []time.Duration
	begin := time.Now()
	ctx, cancel := context.WithCancel(t.Context())
	s = New(ctx, p, func(f func()) error { work.Go(f); return nil })
	s.push = func(_ context.Context, name string, m message.Message) (push.Outcome, error) {
		mu.Lock()
		defer mu.Unlock()
		if name != "comp" || m.Info != InfoTicket || m.Fields[0].Value == "" {
			t.Errorf("push to %s: %+v", name, m)
		}
		times = append(times, time.Since(begin))
		return push.Outcome{}, nil
	}
	work.Go(s.Run)
	at = func() []time.Duration {
		synctest.Wait()
		mu.Lock()
		defer mu.Unlock()
		return times
	}
	return s, at, func() { cancel(); work.Wait() }
}

// TestTicketsComeEveryTenMinutes: at once, then every ten minutes; in a thousandth of it; and at
// once after a reset.
func TestTicketsComeEveryTenMinutes(t *testing.T) {
	for _, speed := range []float64{0, 1000} {
		synctest.Test(t, func(t *testing.T) {
			s, at, stop := bench(t, speed)
			defer stop()
			every := 10 * time.Minute
			if speed > 0 {
				every /= time.Duration(speed)
			}
			time.Sleep(2*every + every/2)
			if diff := cmp.Diff([]time.Duration{0, every, 2 * every}, at()); diff != "" {
				t.Errorf("tickets (-want +got)\n%s", diff)
			}
			if err := s.p.Reset(); err != nil {
				t.Fatal(err)
			}
			s.Changed()
			if diff := cmp.Diff([]time.Duration{0, every, 2 * every, 2*every + every/2}, at()); diff != "" {
				t.Errorf("after a reset (-want +got)\n%s", diff)
			}
		})
	}
}

func TestNothingIsTakenBackThatWasNotGiven(t *testing.T) {
	p, err := platform.New(platform.Config{Accounts: []platform.Account{{Name: "demo", AppID: "wx1"}, {Name: "other", AppID: "wx2"}}})
	if err != nil {
		t.Fatal(err)
	}
	s := New(t.Context(), p, func(func()) error { return nil })
	if _, err := s.Unauthorize(t.Context(), p.Named("other"), p.Named("demo")); !errors.Is(err, ErrNoRights) {
		t.Errorf("%v", err)
	}
}
