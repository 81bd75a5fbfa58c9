package server_test

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	redisserver "github.com/alicebob/miniredis/v2/server"

	"oalab/mockwechat"
	"oalab/server/internal/servertest"
)

// A keyword and a business code that are loaded while servers run are used by the next
// message: at once where they share a Redis, within the stated bound without one
// (SVC-1, STO-7).
func TestAnUpdateWhileServersRun(t *testing.T) {
	t.Parallel()
	for name, shared := range map[string]bool{"with a Redis that servers share": true, "without": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, cfg := newWorld(t)
			bound := 3 * time.Second
			if shared {
				cfg.Redis.Addr, bound = miniredis.RunT(t).Addr(), time.Second
			}
			s := servertest.Start(t, cfg)
			say := func() string {
				return w.say(s, mockwechat.Message{OpenID: "oFollower0000000000000000001", Content: "新词"}).Seen
			}
			for _, step := range []struct{ seed, want string }{
				{"account: demo\nkeywords:\n  - {keyword: 新词, match: equal, answers: [第一]}\n", "第一"},
				{"account: demo\nkeywords:\n  - {keyword: 新词, match: equal, answers: [第二]}\n", "第二"},
				{"account: demo\nbusiness:\n  - {code: '9.9', kind: order, name: 新包, commands: [新词], product: P10}\n", "流水号："},
			} {
				servertest.Seed(t, cfg, step.seed)
				for committed := time.Now(); ; {
					began := time.Now()
					if strings.Contains(say(), step.want) {
						break
					}
					if began.Sub(committed) >= bound {
						t.Fatalf("%s not used %s after", step.want, began.Sub(committed))
					}
					<-time.After(10 * time.Millisecond)
				}
			}
		})
	}
}

// A Redis that is slow, on a machine that is busy, still carries the news of a change: a
// server's requests would have given it up.
func TestTheNewsOverASlowRedis(t *testing.T) {
	t.Parallel()
	store := miniredis.RunT(t)
	var told atomic.Bool
	store.Server().SetPreHook(func(_ *redisserver.Peer, command string, _ ...string) bool {
		<-time.After(300 * time.Millisecond)
		if command == "PUBLISH" {
			told.Store(true)
		}
		return false
	})
	cfg := servertest.Config(t)
	cfg.Redis.Addr = store.Addr()
	servertest.Seed(t, cfg, "account: demo\nkeywords:\n  - {keyword: 新词, match: equal, answers: [第一]}\n")
	if !told.Load() {
		t.Error("the change was committed and not broadcast")
	}
}
