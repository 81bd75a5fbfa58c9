package server_test

import (
	"regexp"
	"strings"
	"testing"

	cl "oalab/mockcarrier/ledger"
	"oalab/mockwechat"
	"oalab/server/internal/servertest"
)

// codeIn finds the code in what a phone shows.
var codeIn = regexp.MustCompile(`验证码是(\d{6})`)

// sms is what a phone shows, the latest last.
func (w *world) sms(phone string) (texts []string) {
	for _, e := range ledger[cl.Entry](w, w.carrier.ControlAddr()) {
		if e.Phone == phone && e.Text != "" && e.Effect == cl.EffectApplied {
			texts = append(texts, e.Text)
		}
	}
	return texts
}

// TestAFollowerBindsANumber: in the chat, by the code that the carrier sent to the number
// (BIZ-2). The follower is served then, and the code is in no log.
func TestAFollowerBindsANumber(t *testing.T) {
	t.Parallel()
	const number = "13700000003"
	w, cfg := newWorld(t)
	s := servertest.Start(t, cfg)
	id := "1"
	follower := strings.Replace(loggedFollower, "oFollower", "oStranger", 1)
	say := func(text string) string {
		t.Helper()
		id += "1"
		return w.say(s, mockwechat.Message{OpenID: follower, Content: text, MsgID: id}).Seen
	}
	if got := say("CXLL"); !strings.Contains(got, "还没有绑定") {
		t.Fatalf("a stranger reads %q", got)
	}
	if got := say("绑定"); !strings.Contains(got, "绑定 手机号码") {
		t.Errorf("help: %q", got)
	}
	if got := say("绑定 " + number); !strings.Contains(got, "137****0003") {
		t.Fatalf("a code is asked for: %q", got)
	}
	if got := say("绑定 " + number); !strings.Contains(got, "操作过于频繁") {
		t.Errorf("at once again: %q", got)
	}
	texts := w.sms(number)
	if len(texts) != 1 || !codeIn.MatchString(texts[0]) {
		t.Fatalf("the phone shows %q", texts)
	}
	code := codeIn.FindStringSubmatch(texts[0])[1]
	wrong := "9" + code[1:]
	if code[0] == '9' {
		wrong = "0" + code[1:]
	}
	if got := say(wrong); !strings.Contains(got, "还可以再试2次") {
		t.Errorf("a wrong code: %q", got)
	}
	if got := say(code); !strings.Contains(got, "绑定成功") {
		t.Fatalf("the code: %q", got)
	}
	w.until("the follower is served", func() bool { return strings.Contains(say("CXLL"), "剩余流量") })
	if got := say(code); strings.Contains(got, "绑定成功") {
		t.Errorf("the code once more: %q", got)
	}
	if got := say("解绑"); !strings.Contains(got, "已解除绑定") {
		t.Errorf("the end: %q", got)
	}
	w.until("the follower is a stranger again", func() bool { return strings.Contains(say("CXLL"), "还没有绑定") })
	for _, m := range messagesFrom(t, cfg, follower) {
		if strings.Contains(m.Content, code) || strings.Contains(m.Content, wrong) {
			t.Errorf("the log has %q", m.Content)
		}
	}
}
