package check

import (
	"strings"
	"testing"

	cl "oalab/mockcarrier/ledger"
	wl "oalab/mockwechat/ledger"
	"oalab/scenarios/account"
	"oalab/scenarios/history"
	"oalab/scenarios/lab"
)

// TestOrders plants every violation that the checker must catch, and everything
// that looks like one and is none.
func TestOrders(t *testing.T) {
	const other = "ZZZZZZZZZZZZZZZZZZZZ"
	tests := []struct {
		name   string
		checks Orders
		build  func(*lab.Lab)
		want   history.Verdict
		broken int
		detail string
	}{
		{"all well", Orders{Min: 2}, func(l *lab.Lab) { l.Order(1); l.Order(2) }, history.Pass, 0, "2 orders planned, 2 acknowledged, 2 done, 2 told"},
		{"lost", Orders{}, func(l *lab.Lab) {
			l.Order(1)
			seq := l.Order(2)
			l.Carrier = l.Carrier[:1]
			l.WeChat = l.WeChat[:1]
			_ = seq
		}, history.Fail, 1, "lost: seq 1 openid o001 serial S0000000000000000001"},
		{"lost though told", Orders{}, func(l *lab.Lab) { l.Order(1); l.Carrier = nil }, history.Fail, 1, "lost: seq 0"},
		{"doubled, acknowledged", Orders{}, func(l *lab.Lab) { seq := l.Order(1); l.Applied(seq, lab.SerialOf(seq)) }, history.Fail, 1, "doubled: seq 0 openid o000"},
		{"doubled under another serial", Orders{}, func(l *lab.Lab) { seq := l.Order(1); l.Applied(seq, other) }, history.Fail, 1, "2 effects on phone 13800000000 code P10"},
		{"doubled, never acknowledged", Orders{}, func(l *lab.Lab) {
			seq := l.Send(history.KindOrder, 1, lab.TimedOutTry(), lab.TimedOutTry(), lab.TimedOutTry())
			l.Applied(seq, other)
			l.Applied(seq, other)
		}, history.Fail, 1, "doubled: seq 0 openid o000 serial unacknowledged"},
		{"told twice", Orders{}, func(l *lab.Lab) { seq := l.Order(1); l.Told(seq, lab.SerialOf(seq)) }, history.Fail, 1, "told 2 times: openid o000"},
		{"told twice, never acknowledged", Orders{}, func(l *lab.Lab) {
			seq := l.Send(history.KindOrder, 1, lab.LostTry(lab.Acknowledgement(other)), lab.TimedOutTry(), lab.TimedOutTry())
			l.Applied(seq, other)
			l.Told(seq, other)
			l.Told(seq, other)
		}, history.Fail, 1, "told 2 times"},
		{"told never", Orders{}, func(l *lab.Lab) { l.Order(1); l.WeChat = nil }, history.Fail, 1, "told never: seq 0"},
		{"told by a refused message only", Orders{}, func(l *lab.Lab) {
			l.Order(1)
			l.WeChat[0].Effect = wl.EffectRefused
		}, history.Fail, 1, "told never: seq 0"},
		{"told to another follower", Orders{}, func(l *lab.Lab) {
			seq := l.Order(1)
			l.Call("o999", lab.SerialOf(seq), wl.EffectDelivered)
		}, history.Fail, 1, "told to another follower: seq 0 openid o000 serial S0000000000000000000, told to o999"},
		{"told only to another follower", Orders{}, func(l *lab.Lab) {
			l.Order(1)
			l.WeChat[0].OpenID = "o999"
		}, history.Fail, 1, "told to another follower: seq 0 openid o000 serial S0000000000000000000, told to o999"},
		{"two followers read the same serial", Orders{}, func(l *lab.Lab) {
			l.Order(1)
			seq := l.Send(history.KindOrder, 2, lab.OKTry(lab.Acknowledgement(lab.SerialOf(0))))
			l.Applied(seq, lab.SerialOf(0))
		}, history.Fail, 1, "told never: seq 1"},
		{"a package changed twice", Orders{}, func(l *lab.Lab) {
			seq := l.Order(1)
			l.Applied(seq, other)
			l.Carrier[0].Op, l.Carrier[1].Op = "ChangePackage", "ChangePackage"
		}, history.Fail, 1, "2 effects on phone 13800000000 code P10"},
		{"a package that was never ordered", Orders{}, func(l *lab.Lab) {
			l.Order(1)
			l.Carrier = append(l.Carrier, cl.Entry{Op: "ChangePackage", Phone: "13999999999", Code: "M58", Serial: other, Effect: cl.EffectApplied})
		}, history.Fail, 1, "unexpected effect: phone 13999999999 code M58"},
		{"data given twice", Orders{}, func(l *lab.Lab) {
			l.Order(1)
			for range 2 {
				l.Carrier = append(l.Carrier, cl.Entry{Op: "RedeemData", Phone: "13999999999", MB: 30, Serial: other, Effect: cl.EffectApplied})
			}
		}, history.Fail, 1, "doubled: data of serial " + other + ", 30 MB for phone 13999999999"},
		{"data given once, recognised once", Orders{}, func(l *lab.Lab) {
			l.Order(1)
			for _, effect := range []cl.Effect{cl.EffectApplied, cl.EffectRepeated} {
				l.Carrier = append(l.Carrier, cl.Entry{Op: "RedeemData", Phone: "13999999999", MB: 30, Serial: other, Effect: effect})
			}
		}, history.Pass, 0, "1 acknowledged, 1 done"},
		{"cancelled, not done", Orders{}, func(l *lab.Lab) {
			seq := l.Order(1)
			n := l.Send(history.KindText, 1, lab.OKTry("已为您取消5元流量月包，订单号"+lab.SerialOf(seq)+"。"))
			l.Plan[n].OpenID = l.Plan[seq].OpenID
			l.Carrier, l.WeChat = nil, nil
		}, history.Pass, 0, "1 acknowledged, 0 done, 0 told"},
		{"cancelled, and done", Orders{}, func(l *lab.Lab) {
			seq := l.Order(1)
			n := l.Send(history.KindText, 1, lab.OKTry("已为您取消5元流量月包，订单号"+lab.SerialOf(seq)+"。"))
			l.Plan[n].OpenID = l.Plan[seq].OpenID
		}, history.Fail, 1, "done though cancelled: seq 0"},
		{"the order of another follower cannot be cancelled", Orders{}, func(l *lab.Lab) {
			seq := l.Order(1)
			l.Send(history.KindText, 2, lab.OKTry("已为您取消5元流量月包，订单号"+lab.SerialOf(seq)+"。"))
			l.Carrier, l.WeChat = nil, nil
		}, history.Fail, 1, "lost: seq 0"},
		{"phantom effect", Orders{}, func(l *lab.Lab) {
			l.Order(1)
			l.Carrier = append(l.Carrier, cl.Entry{Op: "OrderProduct", Phone: "13999999999", Code: "P10", Serial: other, Effect: cl.EffectApplied})
		}, history.Fail, 1, "unexpected effect: phone 13999999999 code P10 serial " + other},
		{"effect of an order that was never sent", Orders{}, func(l *lab.Lab) {
			l.Order(1)
			l.Applied(l.Send(history.KindOrder, 2), other)
		}, history.Fail, 1, "unexpected effect"},
		{"effect of an order refused at the door", Orders{}, func(l *lab.Lab) {
			l.Applied(l.Send(history.KindOrder, 2, lab.RefusedTry(), lab.RefusedTry(), lab.RefusedTry()), other)
		}, history.Fail, 1, "unexpected effect"},

		{"refused and told", Orders{}, func(l *lab.Lab) { l.Order(1); l.Carrier[0].Effect = cl.EffectRefused }, history.Pass, 0, "1 acknowledged, 0 done"},
		{"refused and not told", Orders{}, func(l *lab.Lab) {
			l.Order(1)
			l.Carrier[0].Effect = cl.EffectRefused
			l.WeChat = nil
		}, history.Fail, 1, "lost: seq 0"},
		{"repeated calls and tellings are harmless", Orders{}, func(l *lab.Lab) {
			seq := l.Order(1)
			l.Entry(seq, lab.SerialOf(seq), cl.EffectRepeated)
			l.Entry(seq, lab.SerialOf(seq), cl.EffectNone)
			l.Call("o000", lab.SerialOf(seq), wl.EffectRepeated)
		}, history.Pass, 0, "repeated and harmless: 1 calls at the carrier, 1 tellings"},
		{"done without acknowledgement", Orders{}, func(l *lab.Lab) {
			seq := l.Send(history.KindOrder, 1, lab.TimedOutTry(), lab.RefusedTry(), lab.RefusedTry())
			l.Applied(seq, other)
			l.Told(seq, other)
		}, history.Pass, 0, "0 acknowledged, 1 done"},
		{"not done and not acknowledged", Orders{}, func(l *lab.Lab) {
			l.Send(history.KindOrder, 1, lab.RefusedTry(), lab.RefusedTry(), lab.RefusedTry())
		}, history.Pass, 0, "0 acknowledged, 0 done"},
		{"acknowledged only in a lost answer", Orders{}, func(l *lab.Lab) {
			l.Send(history.KindOrder, 1, lab.LostTry(lab.Acknowledgement(other)), lab.TimedOutTry(), lab.TimedOutTry())
		}, history.Pass, 0, "0 acknowledged"},
		{"another serial at the carrier", Orders{}, func(l *lab.Lab) { l.Order(1); l.Carrier[0].Serial = other }, history.Pass, 0, "1 done"},
		{"no acknowledgement in the words", Orders{}, func(l *lab.Lab) {
			l.Send(history.KindOrder, 1, lab.OKTry("<xml><Content>请先绑定手机号</Content></xml>"))
		}, history.Pass, 0, "0 acknowledged"},
		{"other operations and other messages do not count", Orders{}, func(l *lab.Lab) {
			l.Order(1)
			l.Carrier = append(l.Carrier, cl.Entry{Op: "SendSMS", Effect: cl.EffectApplied, Phone: "1"})
			l.WeChat = append(l.WeChat, wl.Call{Kind: wl.KindAPI, Path: "/cgi-bin/message/custom/send", OpenID: "o1", Effect: wl.EffectDelivered, ClientMsgID: lab.SerialOf(0)})
		}, history.Pass, 0, "1 told"},
		{"a message pushed by hand", Orders{}, func(l *lab.Lab) {
			l.Order(1)
			l.Deliveries = append(l.Deliveries, wl.Delivery{Seq: 0, OpenID: "x", Try: 1, OK: true, Reply: lab.Acknowledgement(other)})
		}, history.Pass, 0, "1 acknowledged"},

		{"too few", Orders{Min: 2}, func(l *lab.Lab) { l.Order(1) }, history.Inconclusive, 0, "1 orders acknowledged, 2 wanted"},
		{"too few, but one lost", Orders{Min: 2}, func(l *lab.Lab) { l.Order(1); l.Carrier = nil }, history.Fail, 1, "lost"},
		{"enough in each window", Orders{MinPerWindow: map[string]int{"kill-server": 1}}, func(l *lab.Lab) {
			l.Order(11)
			l.Order(21)
			l.Window("kill-server", 10, 12)
			l.Window("kill-server", 20, 22)
		}, history.Pass, 0, ""},
		{"too few in the second window", Orders{MinPerWindow: map[string]int{"kill-server": 1}}, func(l *lab.Lab) {
			l.Order(11)
			l.Order(22)
			l.Window("kill-server", 10, 12)
			l.Window("kill-server", 20, 22)
		}, history.Inconclusive, 0, "0 orders acknowledged in window 2 of kill-server, 1 wanted"},
		{"a later try acknowledges for the window it was due in", Orders{MinPerWindow: map[string]int{"kill-server": 1}}, func(l *lab.Lab) {
			seq := l.Send(history.KindOrder, 11, lab.RefusedTry(), lab.OKTry(lab.Acknowledgement(lab.SerialOf(0))))
			l.Applied(seq, lab.SerialOf(0))
			l.Told(seq, lab.SerialOf(0))
			l.Window("kill-server", 10, 12)
		}, history.Pass, 0, ""},
		{"window never came", Orders{MinPerWindow: map[string]int{"carrier-down": 1}}, func(l *lab.Lab) { l.Order(1) }, history.Inconclusive, 0, "no window of fault carrier-down"},
		{"plan uses a number and product twice", Orders{}, func(l *lab.Lab) {
			l.Order(1)
			l.Order(2)
			l.Plan[1].Phone = l.Plan[0].Phone
		}, history.Inconclusive, 0, "cannot be told apart"},
		{"not done, but still at work", Orders{}, func(l *lab.Lab) {
			l.Order(1)
			l.Carrier, l.WeChat = nil, nil
			l.Record.DrainedS = 0
		}, history.Inconclusive, 0, "had not come to rest"},
		{"not told, but still at work", Orders{}, func(l *lab.Lab) {
			l.Order(1)
			l.WeChat = nil
			l.Record.DrainedS = 0
		}, history.Inconclusive, 0, "had not come to rest"},
		{"doubled while still at work", Orders{}, func(l *lab.Lab) {
			seq := l.Order(1)
			l.Applied(seq, other)
			l.Record.DrainedS = 0
		}, history.Fail, 1, "doubled"},
		{"lost: never seen empty, but samples show no work left", Orders{}, func(l *lab.Lab) {
			l.Order(1)
			l.Carrier, l.WeChat = nil, nil
			l.Record.DrainedS = 0
			for _, name := range []string{account.SeriesQueue + `{queue="orders"}`, account.SeriesOutbox, account.SeriesInFlight} {
				l.Sample(90, name, 0)
			}
		}, history.Fail, 1, "lost"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := lab.New()
			tt.build(l)
			got := tt.checks.Check(l.Arm)
			if got.Verdict != tt.want || got.Violations != tt.broken || !strings.Contains(got.Detail, tt.detail) {
				t.Errorf("got %s with %d violations: %s\nwant %s with %d: …%s…", got.Verdict, got.Violations, got.Detail, tt.want, tt.broken, tt.detail)
			}
		})
	}
}

func TestDetailNamesOnlyTheFirstFew(t *testing.T) {
	l := lab.New()
	for i := range 7 {
		l.Order(float64(i))
	}
	l.Carrier = nil
	got := Orders{}.Check(l.Arm)
	if got.Violations != 7 || strings.Count(got.Detail, "lost: ") != few || !strings.Contains(got.Detail, "and 4 more") {
		t.Errorf("got %d violations: %s", got.Violations, got.Detail)
	}
}
