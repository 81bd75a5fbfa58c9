package topology

import (
	"net/http"
	"sync/atomic"
	"testing"
)

// app is an app server that always answers the same, and counts.
type app struct {
	status int
	calls  atomic.Int64
}

func (a *app) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.calls.Add(1)
	if a.status == http.StatusOK {
		success(w, r)
		return
	}
	w.WriteHeader(a.status)
}

// TestAServerThatFailsIsPutOut: a server that answers 500, 502, 503 or 504 to everything is
// asked five times and no more, and followers do not notice. One that answers 429 is full and
// not broken: it stays in, and its answer goes to the follower, not to the next server (DIS-7).
func TestAServerThatFailsIsPutOut(t *testing.T) {
	d := startPair(t, Layout{}, http.HandlerFunc(success), nil)
	const requests = 60
	for _, test := range []struct {
		name         string
		status       int
		least, most  int64 // calls of the failing server
		others, full int   // answers that followers get
	}{
		{"500", http.StatusInternalServerError, 5, 6, requests, 0},
		{"502", http.StatusBadGateway, 5, 6, requests, 0},
		{"503", http.StatusServiceUnavailable, 5, 6, requests, 0},
		{"504", http.StatusGatewayTimeout, 5, 6, requests, 0},
		{"429", http.StatusTooManyRequests, requests / 2, requests / 2, requests / 2, requests / 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			well, ill := &app{status: http.StatusOK}, &app{status: test.status}
			setUpstream(t, d, "round_robin", listen(t, d, well), listen(t, d, ill))
			got := map[int]int{}
			for range requests {
				resp, _ := asks(t, d.entry()+"/", nil)
				got[resp.StatusCode]++
			}
			if got[http.StatusOK] != test.others || got[http.StatusTooManyRequests] != test.full {
				t.Errorf("answers %v, want %d × 200 and %d × 429", got, test.others, test.full)
			}
			if n := ill.calls.Load(); n < test.least || n > test.most {
				t.Errorf("the server that answers %d was asked %d times, want %d to %d", test.status, n, test.least, test.most)
			}
			if n := well.calls.Load(); n != int64(test.others) {
				t.Errorf("the other server was asked %d times, want %d", n, test.others)
			}
		})
	}
}

// TestFurtherTriesHaveABudget: with all servers failing, Nginx asks a second one for a tenth
// of the requests, beside its reserve, and never a third.
func TestFurtherTriesHaveABudget(t *testing.T) {
	d := startPair(t, Layout{}, http.HandlerFunc(success), nil)
	one, other := &app{status: http.StatusServiceUnavailable}, &app{status: http.StatusServiceUnavailable}
	setUpstream(t, d, "round_robin", listen(t, d, one), listen(t, d, other))
	const requests, reserve = 400, 20
	for range requests {
		if resp, _ := asks(t, d.entry()+"/", nil); resp.StatusCode != http.StatusServiceUnavailable {
			t.Fatalf("answer %s", resp.Status)
		}
	}
	calls := one.calls.Load() + other.calls.Load()
	if calls > requests+requests/10+reserve || calls < requests+requests/10-reserve {
		t.Errorf("%d requests became %d, want about %d", requests, calls, requests+requests/10)
	}
}
