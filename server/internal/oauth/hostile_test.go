package oauth_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// TestTheLongestTargetFitsIntoACookie: a browser drops a cookie of more than 4096 bytes.
// Otherwise each login to such a target would end with a state that is not this browser's.
func TestTheLongestTargetFitsIntoACookie(t *testing.T) {
	t.Parallel()
	g := newRig(t)
	for name, fill := range map[string]string{"plain": "x", "parameters": "&", "less than": "<"} {
		target := "/c/demo/?" + strings.Repeat(fill, 2048-len("/c/demo/?"))
		w := g.browser().get("/oauth/demo/login?return=" + strings.NewReplacer("&", "%26", "?", "%3F", "<", "%3C").Replace(target))
		cookies := w.Result().Cookies()
		if w.Code != http.StatusFound || len(cookies) != 1 {
			t.Fatalf("%s: %d with %d cookies", name, w.Code, len(cookies))
		}
		if size := len(cookies[0].Name) + len(cookies[0].Value); size > 4096 {
			t.Errorf("%s: a cookie of %d bytes", name, size)
		}
	}
}

// TestTwoWindows: the second login of a browser takes the place of the first one, and the page
// that says so leads to the target of the second one.
func TestTwoWindows(t *testing.T) {
	t.Parallel()
	b := newRig(t).browser()
	first := b.start("?return=/c/demo/1")
	b.start("?scope=userinfo&return=/c/demo/2")
	w := b.get(back(first, "C"))
	again := "/oauth/demo/login?return=%2Fc%2Fdemo%2F2&amp;scope=userinfo"
	if w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), again) {
		t.Errorf("%d without %s: %s", w.Code, again, w.Body)
	}
}

// TestStrangersFillNoLog: what needs no login to send is one line a minute, however often it comes.
func TestStrangersFillNoLog(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newRig(t)
		for i := range 100 {
			g.browser().get(back(fmt.Sprint("STATE", i), "C"))
			g.browser().get("/oauth/demo/login?return=//evil.example")
		}
		<-time.After(61 * time.Second)
		g.browser().get(back("STATE", "C"))
		for _, line := range []string{"a state that is not this browser's", "a target that is not on the list"} {
			n := strings.Count(g.log.String(), line)
			if line = "of " + line; n == 0 || n > 2 {
				t.Errorf("%d lines %s", n, line)
			}
		}
		if !strings.Contains(g.log.String(), `"times":100`) {
			t.Errorf("the log does not say how many there were:\n%s", g.log)
		}
	})
}

// TestRepeatsAreBounded: a browser that sends one callback again and again is refused before the
// sessions are looked at (OAU-6). A repeat waits for the session of the first one.
func TestRepeatsAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newRig(t)
		g.platform.set(func(p *fakePlatform) { p.fail = code(40125) })
		b := g.browser()
		callback := back(b.start(""), "C1")
		b.get(callback)
		var refused atomic.Int64
		var wg sync.WaitGroup
		for range 150 {
			again := g.browserLike(b)
			wg.Go(func() {
				if again.get(callback).Code == http.StatusTooManyRequests {
					refused.Add(1)
				}
			})
		}
		wg.Wait()
		if refused.Load() != 51 { // 100 a minute, and the first one is one of them
			t.Errorf("%d of 150 repeats were refused", refused.Load())
		}
	})
}
