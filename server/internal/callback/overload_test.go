package callback_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"oalab/server/internal/callback"
	"oalab/server/internal/message"
)

// TestTriesWaitForTheirTurn: of four tries at once, one is served. Of those that wait, the
// newest goes first when the line has stood for a while; one that cannot be answered in time
// any more is refused before it is read, and so is one that has hung up (SEC-2, SCN-5).
func TestTriesWaitForTheirTurn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newRig(t, callback.Config{MaxConcurrent: 1})
		b.business.do = func(context.Context, command) (message.Reply, bool, error) {
			<-time.After(2 * time.Second)
			return message.Text("已受理"), true, nil
		}
		type tried struct {
			Status int
			Took   time.Duration
			Again  string
		}
		var got [4]tried
		var tries sync.WaitGroup
		for i := range got {
			tries.Go(func() {
				<-time.After(time.Duration(i) * 100 * time.Millisecond) // in this order
				ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
				if i == 3 {
					ctx, cancel = context.WithTimeout(t.Context(), time.Second) // hangs up
				}
				defer cancel()
				begun, w := time.Now(), httptest.NewRecorder()
				body := io.Reader(strings.NewReader(text(fmt.Sprint(i), "KT10")))
				if i == 1 || i == 3 {
					body = unread{t}
				}
				b.router.ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodPost, signed("demo", token, fmt.Sprint(i)), body))
				got[i] = tried{w.Code, time.Since(begun), w.Header().Get("Retry-After")}
			})
		}
		tries.Wait()
		want := [4]tried{
			{http.StatusOK, 2 * time.Second, ""},
			// From 2.35 s on an answer by 4.6 s is out of reach: the line is looked at each 2 ms.
			{http.StatusTooManyRequests, 2252 * time.Millisecond, "1"},
			{http.StatusOK, 3800 * time.Millisecond, ""}, // came later, and can be answered
			{http.StatusTooManyRequests, time.Second, "1"},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
		for series, want := range map[string]string{
			`oalab_callback_refused_total{reason="busy"}`:            "2",
			`oalab_callback_admission_total{verdict="at_once"}`:      "1",
			`oalab_callback_admission_total{verdict="newest_first"}`: "1",
			`oalab_callback_admission_total{verdict="expired"}`:      "1",
			`oalab_callback_admission_total{verdict="gone"}`:         "1",
			"oalab_callback_in_time_total":                           "2",
			"oalab_callback_served":                                  "0",
			"oalab_callback_waiting":                                 "0",
		} {
			if got := b.counter(t, series); got != want {
				t.Errorf("%s = %s, want %s", series, got, want)
			}
		}
		b.business.do = nil
		if w := b.post(t, signed("demo", token, "9"), text("9", "资费")); w.Code != http.StatusOK {
			t.Errorf("status %d afterwards: a place was not given back", w.Code)
		}
	})
}

// unread is a body that may not be read.
type unread struct{ t *testing.T }

func (u unread) Read([]byte) (int, error) {
	u.t.Error("the body of a try that is refused was read")
	return 0, errors.New("not to be read")
}

// peer is a connection of which the kernel says what a test wants.
type peer struct {
	waited time.Duration
	gone   bool
}

// TestTheTimeInTheKernelCounts: a try that lay unread on this host for most of its budget
// gets the rest of it, and one whose sender has left is not begun.
func TestTheTimeInTheKernelCounts(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		peer peer
		want int
		took time.Duration
	}{
		{"at once", peer{}, http.StatusOK, time.Second},
		{"time enough", peer{waited: 3 * time.Second}, http.StatusOK, time.Second},
		{"its end is the sender's", peer{waited: 4 * time.Second}, http.StatusServiceUnavailable, 500 * time.Millisecond},
		{"too late", peer{waited: 4600 * time.Millisecond}, http.StatusTooManyRequests, 0},
		{"hung up", peer{gone: true}, http.StatusTooManyRequests, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newRig(t, callback.Config{Peer: func(*http.Request) (time.Duration, bool) { return test.peer.waited, test.peer.gone }})
				b.business.do = func(context.Context, command) (message.Reply, bool, error) {
					<-time.After(time.Second)
					return message.Text("已受理"), true, nil
				}
				begun := time.Now()
				w := b.post(t, signed("demo", token, "1"), text("1", "KT10"))
				if took := time.Since(begun); w.Code != test.want || took != test.took {
					t.Errorf("%d after %v, want %d after %v", w.Code, took, test.want, test.took)
				}
				if begun := len(b.business.seen()) > 0; begun != (test.took > 0) {
					t.Errorf("work was begun: %t", begun)
				}
				<-time.After(time.Second) // what was begun ends
			})
		})
	}
}

// TestGoodputUnderOverload offers a server that can answer 50 tries a second four times as
// many for 20 s: it goes on answering about 50 a second in time, and is idle and quick
// again as soon as the load has ended.
func TestGoodputUnderOverload(t *testing.T) {
	t.Parallel()
	if inTime := goodput(t, func(*callback.Handler) {}); inTime < 900 {
		t.Errorf("%d tries were answered in time; the server can do 1000", inTime)
	}
}

// goodput is how many tries a server answers in time that is offered four times as many as
// the 1000 that it can answer.
func goodput(t *testing.T, plant func(*callback.Handler)) (inTime int) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b := newRig(t, callback.Config{MaxConcurrent: 5, Budget: 1800 * time.Millisecond})
		plant(b.handler)
		b.business.do = func(context.Context, command) (message.Reply, bool, error) {
			<-time.After(100 * time.Millisecond)
			return message.Text("已受理"), true, nil
		}
		const offered = 200 * 20
		var tries sync.WaitGroup
		var mu sync.Mutex
		for i := range offered {
			tries.Go(func() {
				<-time.After(time.Duration(i) * 5 * time.Millisecond)
				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second) // hangs up
				defer cancel()
				w := httptest.NewRecorder()
				b.router.ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodPost, signed("demo", token, fmt.Sprint(i)), strings.NewReader(text(fmt.Sprint(i), "KT10"))))
				if w.Code == http.StatusOK && ctx.Err() == nil {
					mu.Lock()
					inTime++
					mu.Unlock()
				}
			})
		}
		tries.Wait()
		for b.counter(t, "oalab_callback_served") != "0" { // work goes on without its senders
			<-time.After(time.Second)
		}
	})
	return inTime
}
