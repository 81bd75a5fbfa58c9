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
	"oalab/server/internal/message"
)

// userLog keeps entries, and lets the test look before the answer goes out.
type userLog struct {
	mu      sync.Mutex
	entries []message.Entry
	before  func()
}

func (u *userLog) Write(_ context.Context, e message.Entry) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.before != nil {
		u.before()
	}
	u.entries = append(u.entries, e)
}

func (u *userLog) First(_ context.Context, account, key string, sent time.Time) (time.Time, bool, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, e := range u.entries {
		if e.Account == account && e.Key == key && e.Sent.Equal(sent) {
			return e.Received, true, nil
		}
	}
	return time.Time{}, false, nil
}

func TestEveryAnsweredMessageIsLogged(t *testing.T) {
	t.Parallel()
	users := &userLog{}
	b := newRig(t, callback.Config{UserLog: users})
	b.business.do = func(_ context.Context, c command) (message.Reply, bool, error) {
		switch c.Text {
		case "KT10":
			return message.Text("accepted"), true, nil
		case "CXLL":
			return message.Reply{Later: true}, true, nil
		case "BROKEN":
			return message.Reply{}, false, errors.New("database away")
		}
		return message.Reply{}, false, nil
	}
	sent := time.Unix(1414387151, 0)
	for i, tt := range []struct {
		body string
		want message.Entry
	}{
		{text("1", "KT10"), message.Entry{Key: "1", Type: "text", Content: "KT10", Answer: "reply"}},
		{text("2", "CXLL"), message.Entry{Key: "2", Type: "text", Content: "CXLL", Answer: "handed_over"}},
		{text("3", "请问资费"), message.Entry{Key: "3", Type: "text", Content: "请问资费", Answer: "reply"}},
		{text("4", "你好"), message.Entry{Key: "4", Type: "text", Content: "你好", Answer: "default"}},
		{push("image", "5", "<PicUrl><![CDATA[http://pic/1]]></PicUrl><MediaId><![CDATA[media]]></MediaId>"), message.Entry{Key: "5", Type: "image", Content: `{"PicUrl":"http://pic/1","MediaId":"media"}`, Answer: "default"}},
		{push("voice", "6", "<MediaId><![CDATA[media]]></MediaId><Format><![CDATA[amr]]></Format>"), message.Entry{Key: "6", Type: "voice", Content: `{"MediaId":"media","Format":"amr"}`, Answer: "default"}},
		{push("voice", "7", "<MediaId><![CDATA[media]]></MediaId><Format><![CDATA[amr]]></Format><Recognition><![CDATA[你好]]></Recognition>"), message.Entry{Key: "7", Type: "voice", Content: `你好 {"MediaId":"media","Format":"amr"}`, Answer: "default"}},
		{push("video", "8", "<MediaId><![CDATA[media]]></MediaId><ThumbMediaId><![CDATA[thumb]]></ThumbMediaId>"), message.Entry{Key: "8", Type: "video", Content: `{"MediaId":"media","ThumbMediaId":"thumb"}`, Answer: "default"}},
		{push("location", "9", "<Location_X>23.134521</Location_X><Location_Y>113.358803</Location_Y><Scale>20</Scale><Label><![CDATA[广州]]></Label>"), message.Entry{Key: "9", Type: "location", Content: `{"Location_X":"23.134521","Location_Y":"113.358803","Scale":"20","Label":"广州"}`, Answer: "default"}},
		{push("link", "10", "<Title><![CDATA[t]]></Title><Description><![CDATA[d]]></Description><Url><![CDATA[http://u]]></Url>"), message.Entry{Key: "10", Type: "link", Content: `{"Title":"t","Description":"d","Url":"http://u"}`, Answer: "default"}},
		{event("CLICK", "KT10"), message.Entry{Key: openid + "|1414387151|CLICK|KT10", Type: "event", Event: "CLICK", EventKey: "KT10", Answer: "reply"}},
		{event("unsubscribe", ""), message.Entry{Key: openid + "|1414387151|unsubscribe|", Type: "event", Event: "unsubscribe", Answer: "success"}},
		{event("TEMPLATESENDJOBFINISH", "", "<MsgID>200163836</MsgID><Status><![CDATA[failed:user block]]></Status>"), message.Entry{Key: openid + "|1414387151|TEMPLATESENDJOBFINISH||200163836|failed:user block", Type: "event", Event: "TEMPLATESENDJOBFINISH", Content: `{"MsgID":"200163836","Status":"failed:user block"}`, Answer: "success"}},
		{event("LOCATION", "", "<Latitude>23.1</Latitude><Longitude>113.3</Longitude><Precision>119</Precision>"), message.Entry{Key: openid + "|1414387151|LOCATION||23.1|113.3|119", Type: "event", Event: "LOCATION", Content: `{"Latitude":"23.1","Longitude":"113.3","Precision":"119"}`, Answer: "success"}},
	} {
		if w := b.post(t, signed("demo", token, "n"), tt.body); w.Code != 200 {
			t.Fatalf("%s: %d", tt.body, w.Code)
		}
		if len(users.entries) != i+1 {
			t.Fatalf("%d entries after %d messages", len(users.entries), i+1)
		}
		tt.want.Account, tt.want.OpenID, tt.want.Sent = "demo", openid, sent
		got := users.entries[i]
		if diff := cmp.Diff(tt.want, got, cmpopts.IgnoreFields(message.Entry{}, "Received", "Took")); diff != "" {
			t.Error(diff)
		}
		if time.Since(got.Received) > time.Minute {
			t.Errorf("received at %s", got.Received)
		}
		if got.Took <= 0 || got.Took > time.Minute {
			t.Errorf("took %s", got.Took)
		}
	}
	// What is not answered is no answered message, and comes again.
	if w := b.post(t, signed("demo", token, "n"), text("20", "BROKEN")); w.Code != 503 || len(users.entries) != 14 {
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
