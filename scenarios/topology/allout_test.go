package topology

import (
	"net/http"
	"sync/atomic"
	"testing"
)

// TestAllAppServersOut: a moment in which all app servers answer 503, as without their
// database, ends for followers when it ends for them, not when Nginx would try them
// again (DIS-7).
func TestAllAppServersOut(t *testing.T) {
	var away atomic.Bool
	d := startPair(t, Layout{}, http.HandlerFunc(success), nil)
	app := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if away.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		success(w, r)
	})
	setUpstream(t, d, "round_robin", listen(t, d, app), listen(t, d, app))
	for range 10 { // through the new list: it has answered before the outage
		if resp, _ := asks(t, d.entry()+"/", nil); resp.StatusCode != http.StatusOK {
			t.Fatalf("before the outage: %s", resp.Status)
		}
	}
	away.Store(true)
	for range 50 { // more than takes both out
		if resp, _ := asks(t, d.entry()+"/", nil); resp.StatusCode/100 != 5 {
			t.Fatalf("in the outage: %s", resp.Status)
		}
	}
	away.Store(false)
	for i := range 10 {
		if resp, body := asks(t, d.entry()+"/", nil); resp.StatusCode != http.StatusOK || body != "success" {
			t.Errorf("request %d after the outage: %s", i, resp.Status)
		}
	}
}
