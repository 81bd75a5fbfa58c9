package server_test

import (
	"strconv"
	"strings"
	"testing"

	"oalab/internal/deadport"
	"oalab/mockwechat"
	"oalab/server/internal/servertest"
)

// Redis away costs speed alone: the server starts, says so, is ready, and a retry
// of a message reads the same reply.
func TestWithoutRedis(t *testing.T) {
	t.Parallel()
	w, cfg := newWorld(t)
	cfg.Redis.Addr = deadport.Addr(t)
	s := servertest.Start(t, cfg)
	if status, body := servertest.Get(t, s, "/readyz"); status != 200 || !strings.Contains(body, `"redis":"away, and dispensable`) {
		t.Errorf("readyz: %d %s", status, body)
	}
	for i, content := range []string{"KT10", "CXLL"} {
		m := mockwechat.Message{OpenID: "oFollower0000000000000000001", Content: content, MsgID: strconv.Itoa(90 + i), CreateTime: 1_700_000_000}
		first, again := w.say(s, m), w.say(s, m)
		if !first.OK || first.Tries != 1 || first.Seen != again.Seen {
			t.Errorf("%s: first %+v, again %+v", content, first, again)
		}
		if content == "KT10" {
			w.settled(serialOf(t, first.Seen))
		}
	}
	for _, series := range []string{"oalab_redis_errors_total ", `oalab_cache_requests_total{cache="replies",result="failed"} `, `oalab_token_refreshes_total{account="demo",result="new"} 1`, `oalab_token_age_seconds{account="demo"} `} {
		if _, body := servertest.Get(t, s, "/metrics"); !strings.Contains(body, "\n"+series) || strings.Contains(body, "\n"+series+"0\n") {
			t.Errorf("metrics lack %s, or it is 0", series)
		}
	}
}
