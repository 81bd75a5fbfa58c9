package figure

import (
	"testing"

	"oalab/scenarios/account"
	"oalab/scenarios/history"
	"oalab/scenarios/lab"

	wl "oalab/mockwechat/ledger"
)

// TestLoginFigures: what visits came to is counted as browsers and the platform saw it (SCN-13).
func TestLoginFigures(t *testing.T) {
	l := lab.New()
	visit := func(s float64, kind, openID string, change func(*history.Visit)) {
		v := history.Visit{Seq: uint64(len(l.Plan)), At: lab.At(s), TookS: 0.1, Visit: kind, OpenID: openID, Status: 200, Seen: openID}
		change(&v)
		l.Plan = append(l.Plan, history.PlannedOp{Seq: v.Seq, DueS: s, Kind: history.KindLogin, OpenID: openID})
		l.Operations = append(l.Operations, history.Operation{Seq: v.Seq, StartS: s, LatencyS: 0.1, Status: 200})
		history.LoginEvidence.Set(l.Arm, append(history.LoginEvidence.Of(l.Arm), v))
	}
	same := func(*history.Visit) {}
	call := func(s float64, kind wl.Kind, path, openID, code string) {
		l.WeChat = append(l.WeChat, wl.Call{At: lab.At(s), Kind: kind, Path: path, Status: 200, OpenID: openID, Code: code})
	}
	visit(1, history.VisitFirst, "oA", func(v *history.Visit) { v.Later = 1 })
	call(1.01, wl.KindPage, account.PathConsent, "oA", "a")
	call(1.02, wl.KindAPI, account.PathExchange, "oA", "a")
	call(1.03, wl.KindAPI, account.PathWebUser, "oA", "")
	visit(2, history.VisitFirst, "oB", func(v *history.Visit) { v.PassedOn = 2 })
	call(2.01, wl.KindPage, account.PathConsent, "oB", "b")
	call(2.02, wl.KindAPI, account.PathExchange, "", "b")
	call(2.03, wl.KindAPI, account.PathExchange, "", "b")
	visit(3, history.VisitAgain, "oA", same)
	visit(4, history.VisitAgain, "oB", same)
	call(4.01, wl.KindAPI, account.PathWebUser, "oB", "")
	call(4.5, wl.KindAPI, account.PathWebUser, "oB", "") // after the visit
	visit(5, history.VisitFirst, "oC", func(v *history.Visit) { v.Status, v.Seen = 503, "" })
	visit(6, history.VisitForwarded, "oD", func(v *history.Visit) { v.Seen = "oS" })
	l.Record.Load.Page = "/oauth/demo/login"
	got := map[string]float64{}
	for _, f := range All(l.Arm, nil) {
		got[f.Name] = f.Value
	}
	for name, want := range map[string]float64{
		"logins": 2, "visits_again": 2, "platform_calls_per_login": 3, "platform_calls_again": 1, "codes_exchanged": 2, "codes_exchanged_again": 1,
		"sessions_foreign": 1, "visits_failed": 1, "told_later_ratio": 0.2, "requests_passed_on": 2, "failed_requests": 0,
	} {
		if value, ok := got[name]; !ok || value != want {
			t.Errorf("%s = %g (%t), want %g", name, value, ok, want)
		}
	}
	for _, name := range []string{"tries_failed", "statements_per_message", "orders_acknowledged"} {
		if value, ok := got[name]; ok {
			t.Errorf("%s = %g: a visit is no message", name, value)
		}
	}
}
