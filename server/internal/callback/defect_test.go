//go:build defects

package callback_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"oalab/server/internal/callback"
	"oalab/server/internal/defect"
	"oalab/server/internal/message"
)

// Under overload nearly all of what is answered is too late.
func TestDefectQueueWithoutDeadline(t *testing.T) {
	t.Parallel()
	if inTime := goodput(t, func(h *callback.Handler) { h.Plant(defect.Set{callback.DefectQueueWithoutDeadline}) }); inTime >= 200 {
		t.Errorf("%d tries were answered in time, want hardly any", inTime)
	}
}

// Each try of a message does its own work.
func TestDefectNoDedup(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newRig(t, callback.Plant(defect.Set{callback.DefectNoDedup}, callback.Config{}))
		b.business.do = func(context.Context, command) (message.Reply, bool, error) {
			<-time.After(time.Second)
			return message.Text("已受理"), true, nil
		}
		var tries sync.WaitGroup
		for i := range 3 {
			tries.Go(func() { b.post(t, signed("demo", token, fmt.Sprint(i)), text("1", "KT10")) })
		}
		tries.Wait()
		if got := len(b.business.seen()); got != 3 {
			t.Errorf("business was asked %d times, want 3", got)
		}
	})
}

// What the drills of a database that is away plant (STO-7): one defect is silent also
// with leave, the other takes the leave itself.
func TestDefectsWithoutDatabase(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		plant  defect.Set
		leave  bool
		status int
		stale  bool
	}{
		{"none", nil, false, 503, false},
		{"none, with leave", nil, true, 200, true},
		{"silent", defect.Set{callback.DefectSilentWithoutDatabase}, false, 503, false},
		{"silent, with leave", defect.Set{callback.DefectSilentWithoutDatabase}, true, 503, false},
		{"unasked", defect.Set{callback.DefectStaleUnasked}, false, 200, true},
	} {
		b := newRig(t, callback.Config{Current: func(context.Context) error { return errors.New("the database does not answer") }})
		b.handler.Plant(tc.plant)
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, signed("demo", token, "1"), strings.NewReader(text("1", "资费")))
		if tc.leave {
			r.Header.Set("X-Stale-Leave", "1")
		}
		w := httptest.NewRecorder()
		b.router.ServeHTTP(w, r)
		if stale := w.Header().Get("X-Stale") != ""; w.Code != tc.status || stale != tc.stale {
			t.Errorf("%s: status %d, marked %t; want %d, %t", tc.name, w.Code, stale, tc.status, tc.stale)
		}
	}
}
