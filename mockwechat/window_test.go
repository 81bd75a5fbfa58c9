package mockwechat

import (
	"testing"
	"time"

	"oalab/mockwechat/ledger"
	"oalab/mockwechat/platform"
)

func TestCustomMessageWindow(t *testing.T) {
	openID := crowd.OpenID(2)
	text := Message{OpenID: openID, Content: "你好"}
	click := Message{OpenID: openID, Event: "CLICK", EventKey: "K"}
	type step struct {
		push  *Message
		after time.Duration
		want  platform.Code
	}
	tests := []struct {
		name  string
		steps []step
	}{
		{"never wrote", []step{{want: platform.CodeOutOfWindow}}},
		{"five after a message", []step{
			{push: &text}, {}, {}, {}, {}, {want: platform.CodeOutOfCount}, {push: &text},
		}},
		{"48 hours", []step{
			{push: &text}, {after: 48*time.Hour - time.Second}, {after: time.Second, want: platform.CodeOutOfWindow},
		}},
		{"three in the minute after a click", []step{
			{push: &click}, {}, {}, {want: platform.CodeOutOfCount}, {after: time.Minute, want: platform.CodeOutOfWindow},
		}},
		{"a click does not shorten a message's window", []step{
			{push: &text}, {push: &click, after: time.Second}, {after: 2 * time.Minute},
		}},
		{"a click adds to a message's count", []step{
			{push: &text}, {}, {}, {}, {}, {push: &click}, {}, {}, {want: platform.CodeOutOfCount},
		}},
		{"the shorter window is used first", []step{
			{push: &text}, {push: &click}, {}, {}, {after: time.Minute}, {}, {}, {}, {want: platform.CodeOutOfCount},
		}},
		{"a look at a page opens nothing", []step{
			{push: &Message{OpenID: openID, Event: "VIEW", EventKey: "http://x"}, want: platform.CodeOutOfWindow},
		}},
		{"leaving closes it", []step{
			{push: &text},
			{push: &Message{OpenID: openID, Event: "unsubscribe"}, want: platform.CodeOutOfWindow},
			{push: &Message{OpenID: openID, Event: "subscribe"}},
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t, Limits{})
			for i, s := range test.steps {
				b.clock.advance(s.after)
				if s.push != nil {
					b.active(*s.push)
				}
				a := b.custom(b.token(), openID, "您的余额")
				if a.code() != int(s.want) {
					t.Fatalf("step %d: errcode %d, want %d", i, a.code(), s.want)
				}
				effect, content := ledger.EffectDelivered, "您的余额"
				if s.want != platform.CodeOK {
					effect, content = ledger.EffectRefused, ""
				}
				if last := b.last(); last.Effect != effect || last.Content != content || last.OpenID != openID {
					t.Fatalf("step %d: ledger %+v", i, last)
				}
			}
		})
	}
}
