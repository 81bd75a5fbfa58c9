package server_test

import (
	"strings"
	"testing"
	"time"

	"oalab/mockwechat"
	"oalab/server"
	"oalab/server/internal/servertest"
)

// A follower that is bound while the server runs is served within the stated
// bound; without the cache, at once.
func TestABindingMadeWhileTheServerRuns(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{server.CacheOn, server.CacheOff} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			w, cfg := newWorld(t)
			cfg.Cache.Bindings = mode
			s := servertest.Start(t, cfg)
			ask := func(id string) bool {
				return !strings.Contains(w.say(s, mockwechat.Message{OpenID: "oLate", Content: "CXLL", MsgID: id}).Seen, "还没有绑定")
			}
			if ask("1") {
				t.Fatal("served before it was bound")
			}
			for _, metric := range []string{"\noalab_bloom_refusals_total ", "\n" + `oalab_cache_requests_total{cache="bindings",result="hit"} `} {
				if _, body := servertest.Get(t, s, "/metrics"); !strings.Contains(body, metric) {
					t.Errorf("no metric %s", metric)
				}
			}
			servertest.Seed(t, cfg, "account: demo\nbindings_csv: |\n  oLate,13800000009\n")
			bound := time.Now()
			if mode == server.CacheOff {
				if !ask("2") {
					t.Error("not served at once")
				}
				return
			}
			// Each ask is a message of its own: the reply of one never changes.
			for id := "2"; ; id += "1" {
				began := time.Now()
				if ask(id) {
					return
				}
				if began.Sub(bound) >= 3*time.Second {
					t.Fatalf("not served %s after", began.Sub(bound))
				}
				<-time.After(50 * time.Millisecond)
			}
		})
	}
}
