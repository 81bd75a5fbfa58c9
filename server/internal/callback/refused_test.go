package callback_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"oalab/server/internal/callback"
)

// TestRefusedCallsAreCounted: calls that are not the platform's are counted, and the log
// tells of each reason once in 10 s, however many there are (SEC-2).
func TestRefusedCallsAreCounted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newRig(t, callback.Config{})
		for range 500 {
			b.post(t, "/wechat/demo?signature=wrong", text("1", "资费"))
			b.post(t, "/wechat/unknown", text("1", "资费"))
		}
		time.Sleep(11 * time.Second)
		b.post(t, "/wechat/demo?signature=wrong", text("1", "资费"))
		for series, want := range map[string]string{
			`oalab_callback_refused_total{reason="signature"}`: "501", `oalab_callback_refused_total{reason="account"}`: "500",
		} {
			if got := b.counter(t, series); got != want {
				t.Errorf("%s is %s, want %s", series, got, want)
			}
		}
		log := b.log.String()
		if got := strings.Count(log, "callbacks refused"); got != 3 {
			t.Errorf("1001 refused calls are %d lines of the log, want 3", got)
		}
		if !strings.Contains(log, "times=500") {
			t.Errorf("the log does not say how many were refused meanwhile:\n%s", log)
		}
	})
}
