package check

import (
	"strings"
	"testing"

	wl "oalab/mockwechat/ledger"
	"oalab/scenarios/history"
	"oalab/scenarios/lab"
)

func TestHandedOver(t *testing.T) {
	const words = "<xml><Content><![CDATA[余额]]></Content></xml>"
	later := lab.OKTry("success")
	tests := []struct {
		name            string
		min             int
		tries           []wl.Delivery // of one query
		delivered       int
		moving          bool
		want            history.Verdict
		checked, broken int
		detail          string
	}{
		{"answered later", 1, []wl.Delivery{later}, 1, false, history.Pass, 1, 0, "1 queries handed over, 1 answers"},
		{"answered at once", 0, []wl.Delivery{lab.OKTry(words)}, 0, false, history.Pass, 0, 0, ""},
		{"answered at once and later", 0, []wl.Delivery{lab.OKTry(words)}, 1, false, history.Fail, 0, 1, "was promised 0 answers and got 1"},
		{"three tries, one answer", 1, []wl.Delivery{lab.LostTry("success"), lab.LostTry("success"), later}, 1, false, history.Pass, 1, 0, ""},
		{"three tries, two answers", 1, []wl.Delivery{lab.LostTry("success"), lab.LostTry("success"), later}, 2, false, history.Fail, 1, 1, "was promised 1 answers and got 2"},
		{"never answered", 1, []wl.Delivery{later}, 0, false, history.Fail, 1, 1, "got only 0"},
		{"not answered yet", 1, []wl.Delivery{later}, 0, true, history.Inconclusive, 1, 0, "not come to rest"},
		{"nothing is known of it", 0, []wl.Delivery{lab.TimedOutTry()}, 1, false, history.Pass, 0, 0, ""},
		{"nothing is known of it, and two answers", 0, []wl.Delivery{lab.TimedOutTry()}, 2, false, history.Fail, 0, 1, ""},
		{"refused at the door", 0, []wl.Delivery{lab.RefusedTry()}, 1, false, history.Fail, 0, 1, ""},
		{"too few", 2, []wl.Delivery{later}, 1, false, history.Inconclusive, 1, 0, "2 wanted"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := lab.New()
			if tt.moving {
				l.Record.DrainedS = 0
			}
			seq := l.Send(history.KindQuery, 1, tt.tries...)
			l.Send(history.KindText, 2, lab.OKTry("success")) // promises nothing
			for range tt.delivered {
				l.WeChat = append(l.WeChat, wl.Call{
					At: lab.At(5), Kind: wl.KindAPI, Path: "/cgi-bin/message/custom/send", OpenID: l.Plan[seq].OpenID, Effect: wl.EffectDelivered,
				})
			}
			got := HandedOver{Min: tt.min}.Check(l.Arm)
			if got.Verdict != tt.want || got.Checked != tt.checked || got.Violations != tt.broken || !strings.Contains(got.Detail, tt.detail) {
				t.Errorf("got %+v", got)
			}
		})
	}
}
