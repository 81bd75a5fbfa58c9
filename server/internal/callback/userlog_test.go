package callback_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"oalab/server/internal/callback"
)

// userLog keeps entries, and lets the test look before the answer goes out.
type userLog struct {
	mu      sync.Mutex
	entries []callback.LogEntry
	before  func()
}

func (u *userLog) Write(_ context.Context, e callback.LogEntry) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.before != nil {
		u.before()
	}
	u.entries = append(u.entries, e)
}

func TestEveryAnsweredMessageIsLogged(t *testing.T) {
	t.Parallel()
	users := &userLog{}
	b := newRig(t, callback.Config{UserLog: users})
	b.business.do = func(_ context.Context, c callback.Command) (callback.Outcome, bool, error) {
		switch c.Text {
		case "KT10":
			return callback.Outcome{Text: "accepted"}, true, nil
		case "CXLL":
			return callback.Outcome{Later: true}, true, nil
		case "BROKEN":
			return callback.Outcome{}, false, errors.New("database away")
		}
		return callback.Outcome{}, false, nil
	}
	sent := time.Unix(1414387151, 0)
	for i, tt := range []struct {
		body string
		want callback.LogEntry
	}{
		{text("1", "KT10"), callback.LogEntry{Key: "1", Type: "text", Content: "KT10", Answer: "reply"}},
		{text("2", "CXLL"), callback.LogEntry{Key: "2", Type: "text", Content: "CXLL", Answer: "handed_over"}},
		{text("3", "请问资费"), callback.LogEntry{Key: "3", Type: "text", Content: "请问资费", Answer: "reply"}},
		{text("4", "你好"), callback.LogEntry{Key: "4", Type: "text", Content: "你好", Answer: "default"}},
		{push("image", "5", "<PicUrl><![CDATA[http://pic/1]]></PicUrl><MediaId><![CDATA[media]]></MediaId>"), callback.LogEntry{Key: "5", Type: "image", Content: "http://pic/1", Answer: "default"}},
		{push("voice", "6", "<MediaId><![CDATA[media]]></MediaId><Format><![CDATA[amr]]></Format>"), callback.LogEntry{Key: "6", Type: "voice", Content: "media", Answer: "default"}},
		{push("voice", "7", "<MediaId><![CDATA[media]]></MediaId><Format><![CDATA[amr]]></Format><Recognition><![CDATA[你好]]></Recognition>"), callback.LogEntry{Key: "7", Type: "voice", Content: "你好", Answer: "default"}},
		{push("video", "8", "<MediaId><![CDATA[media]]></MediaId><ThumbMediaId><![CDATA[thumb]]></ThumbMediaId>"), callback.LogEntry{Key: "8", Type: "video", Content: "media", Answer: "default"}},
		{push("location", "9", "<Location_X>23.134521</Location_X><Location_Y>113.358803</Location_Y><Scale>20</Scale><Label><![CDATA[广州]]></Label>"), callback.LogEntry{Key: "9", Type: "location", Content: "23.134521,113.358803 广州", Answer: "default"}},
		{push("link", "10", "<Title><![CDATA[t]]></Title><Description><![CDATA[d]]></Description><Url><![CDATA[http://u]]></Url>"), callback.LogEntry{Key: "10", Type: "link", Content: "http://u", Answer: "default"}},
		{event("CLICK", "KT10"), callback.LogEntry{Key: openid + "|1414387151|CLICK|KT10", Type: "event", Event: "CLICK", EventKey: "KT10", Answer: "reply"}},
		{event("unsubscribe", ""), callback.LogEntry{Key: openid + "|1414387151|unsubscribe|", Type: "event", Event: "unsubscribe", Answer: "success"}},
	} {
		if w := b.post(t, signed("demo", token, "n"), tt.body); w.Code != 200 {
			t.Fatalf("%s: %d", tt.body, w.Code)
		}
		if len(users.entries) != i+1 {
			t.Fatalf("%d entries after %d messages", len(users.entries), i+1)
		}
		tt.want.Account, tt.want.OpenID, tt.want.Sent = "demo", openid, sent
		got := users.entries[i]
		if diff := cmp.Diff(tt.want, got, cmpopts.IgnoreFields(callback.LogEntry{}, "Received")); diff != "" {
			t.Error(diff)
		}
		if time.Since(got.Received) > time.Minute {
			t.Errorf("received at %s", got.Received)
		}
	}
	// What is not answered is no answered message, and comes again.
	if w := b.post(t, signed("demo", token, "n"), text("20", "BROKEN")); w.Code != 503 || len(users.entries) != 12 {
		t.Errorf("%d, %d entries", w.Code, len(users.entries))
	}
}

// The entry is safe before the platform has its answer.
func TestLogComesBeforeTheAnswer(t *testing.T) {
	t.Parallel()
	users := &userLog{}
	b := newRig(t, callback.Config{UserLog: users})
	release, begun := make(chan struct{}), make(chan struct{})
	users.before = func() { close(begun); <-release }
	answered := make(chan string)
	go func() { answered <- b.post(t, signed("demo", token, "n"), text("1", "资费")).Body.String() }()
	<-begun
	select {
	case body := <-answered:
		t.Errorf("answered before the log had it: %s", body)
	default:
	}
	close(release)
	if body := <-answered; !strings.Contains(body, "<xml>") {
		t.Errorf("answer %q", body)
	}
}
