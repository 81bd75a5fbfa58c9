package callback_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"oalab/server/internal/callback"
)

// TestTriesWaitForTheirTurn: of four tries at once, one is served; the others wait, get
// what is left of their budget, or give up (SCN-5).
func TestTriesWaitForTheirTurn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newRig(t, callback.Config{MaxConcurrent: 1})
		b.business.do = func(context.Context, callback.Command) (callback.Outcome, bool, error) {
			<-time.After(2 * time.Second)
			return callback.Outcome{Text: "已受理"}, true, nil
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
				r := httptest.NewRequestWithContext(ctx, http.MethodPost, signed("demo", token, fmt.Sprint(i)), strings.NewReader(text(fmt.Sprint(i), "KT10")))
				b.router.ServeHTTP(w, r)
				got[i] = tried{w.Code, time.Since(begun), w.Header().Get("Retry-After")}
			})
		}
		tries.Wait()
		want := [4]tried{
			{http.StatusOK, 2 * time.Second, ""},
			{http.StatusOK, 3900 * time.Millisecond, ""},
			{http.StatusServiceUnavailable, 4500 * time.Millisecond, ""}, // served from 3.8 s on, too late
			{http.StatusServiceUnavailable, time.Second, "1"},            // never served
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
		if n := b.counter(t, `oalab_callback_refused_total{reason="busy"}`); n != "1" {
			t.Errorf("%s refused as busy, want 1", n)
		}
		<-time.After(5 * time.Second) // the work of the one that was late goes on
		b.business.do = nil
		if w := b.post(t, signed("demo", token, "9"), text("9", "资费")); w.Code != http.StatusOK {
			t.Errorf("status %d afterwards: a slot was not given back", w.Code)
		}
	})
}
