package carrierapi

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestWarnsByTheMinute: the first failure is told at once, the others by the minute with
// their number, also when calls that go well come in between.
func TestWarnsByTheMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		tr := newTrouble(slog.New(slog.NewTextHandler(&out, nil)))
		fail := func() {
			tr.failed(time.Now(), &Error{Op: "QueryUsage", Class: ClassRefused, NotSent: true, Err: errors.New("nothing listens")})
		}
		if err := tr.check(); err != nil || tr.failingFor(time.Now()) != 0 {
			t.Fatalf("before any call: %v", err)
		}
		begun := time.Now()
		for range 150 { // 2.5 minutes
			fail()
			time.Sleep(time.Second)
		}
		if got := tr.failingFor(time.Now()); got != time.Since(begun) {
			t.Errorf("failing for %v, want %v", got, time.Since(begun))
		}
		if err := tr.check(); err == nil || !strings.Contains(err.Error(), "all 150 calls since") || !strings.Contains(err.Error(), "nothing listens") {
			t.Errorf("readiness says %v", err)
		}
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		if len(lines) != 3 || !strings.Contains(lines[0], "failed=1 ") || !strings.Contains(lines[1], "failed=60 ") || !strings.Contains(lines[2], "failed=60 ") {
			t.Errorf("logged\n%s", out.String())
		}
		out.Reset()
		tr.well(time.Now())
		if err := tr.check(); err != nil || tr.failingFor(time.Now()) != 0 {
			t.Errorf("after a call that went well: %v", err)
		}
		for range 20 { // one in two fails, within what is left of the minute
			fail()
			tr.well(time.Now())
		}
		if !strings.Contains(out.String(), "answers again") || strings.Count(out.String(), "\n") != 1 {
			t.Errorf("logged\n%s", out.String())
		}
		tr.failed(time.Now(), &Error{Op: "QueryUsage", Class: ClassBreaker, NotSent: true, Err: errors.New("open")})
		if err := tr.check(); err != nil {
			t.Errorf("a call that was not made says %v", err)
		}
	})
}
