package server

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"oalab/server/internal/business"
	"oalab/server/internal/job"
)

// TestBacklog: one question a second, and what this process stores shows at once.
func TestBacklog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var stored left
		var away error
		questions := 0
		var meanwhile func()
		b := newBacklog(func(context.Context) (left, error) {
			questions++
			found := stored
			meanwhile()
			return found, away
		})
		order := job.Envelope{ID: 1, Kind: business.KindOrder}
		store := func() { stored.jobs++; stored.unfinished++; b.note([]job.Envelope{order}) }
		shows := func(what string, jobs, unfinished, asked int) {
			t.Helper()
			if got := b.now(); got.jobs != jobs || got.unfinished != unfinished || questions != asked {
				t.Errorf("%s: %+v after %d questions; want %d jobs, %d unfinished, %d questions", what, got, questions, jobs, unfinished, asked)
			}
		}
		meanwhile = func() {}
		stored.jobs, stored.dead = 2, 2
		shows("what was there", 2, 0, 1)
		store()
		b.note([]job.Envelope{{ID: 2, Kind: business.KindTell}, {Kind: business.KindOrder}})
		stored.jobs++
		shows("stored since", 4, 1, 1)
		stored = left{dead: 2}
		shows("done since", 4, 1, 1)
		time.Sleep(backlogAge)
		shows("asked again", 0, 0, 2)
		time.Sleep(backlogAge)
		meanwhile = store // after the answer was made
		shows("stored during the question", 1, 1, 3)
		meanwhile = func() {}
		shows("after it", 1, 1, 3)
		time.Sleep(backlogAge)
		shows("counted once", 1, 1, 4)
		time.Sleep(backlogAge)
		away = errors.New("away")
		shows("the queue does not say", -1, -1, 5)
		if got := b.now().dead; got != -1 {
			t.Errorf("%d dead letters when the queue does not say", got)
		}
		store()
		shows("nor to the next", -1, -1, 5)
		away = nil
		time.Sleep(backlogAge)
		shows("back", 2, 2, 6)
		reg := prometheus.NewPedanticRegistry()
		reg.MustRegister(b)
		families, err := reg.Gather()
		if err != nil || len(families) != 3 {
			t.Fatal(families, err)
		}
		for _, f := range families {
			if got := f.GetMetric()[0].GetGauge().GetValue(); got != 2 {
				t.Errorf("%s shows %g, want 2", f.GetName(), got)
			}
		}
	})
}
