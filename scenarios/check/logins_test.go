package check

import (
	"fmt"
	"strings"
	"testing"

	wl "oalab/mockwechat/ledger"
	"oalab/scenarios/account"
	"oalab/scenarios/history"
	"oalab/scenarios/lab"
)

// crowd writes a history of logins by hand.
type crowd struct{ *lab.Lab }

// visit is a visit of 0.1 s that ends at the page, unless change says otherwise.
func (c crowd) visit(s float64, kind, openID string, change ...func(*history.Visit)) {
	v := history.Visit{Seq: uint64(len(c.Plan)), At: lab.At(s), TookS: 0.1, Visit: kind, OpenID: openID, Status: 200, Seen: openID}
	c.Plan = append(c.Plan, history.PlannedOp{Seq: v.Seq, DueS: s, Kind: history.KindLogin, OpenID: openID, Event: kind})
	c.Operations = append(c.Operations, history.Operation{Seq: v.Seq, StartS: s, LatencyS: 0.1, Status: 200})
	for _, f := range change {
		f(&v)
	}
	history.LoginEvidence.Set(c.Arm, append(history.LoginEvidence.Of(c.Arm), v))
}

// code lets the platform give a code out, and the server exchange it so many times.
func (c crowd) code(s float64, openID, code string, times int) {
	c.WeChat = append(c.WeChat, wl.Call{At: lab.At(s), Kind: wl.KindPage, Path: account.PathConsent, Status: 302, OpenID: openID, Code: code})
	for i := range times {
		call := wl.Call{At: lab.At(s + 0.01*float64(i+1)), Kind: wl.KindAPI, Path: account.PathExchange, Status: 200, OpenID: openID, Code: code}
		if i > 0 { // a refused one names no follower
			call.OpenID, call.ErrCode, call.Rule = "", 40163, "code-used"
		}
		c.WeChat = append(c.WeChat, call)
	}
}

// login is a first visit as it should be.
func (c crowd) login(s float64, openID string) {
	c.visit(s, history.VisitFirst, openID, func(v *history.Visit) { v.Consents = 1 })
	c.code(s+0.02, openID, "code of "+openID, 1)
}

func TestLogins(t *testing.T) {
	failed := func(v *history.Visit) { v.Status, v.Seen = 503, "" }
	for _, tc := range []struct {
		name   string
		judge  Logins
		more   func(crowd)
		want   history.Verdict
		broken int
		detail string
	}{
		{"as it should be", Logins{Min: 10, Again: 10, Forwarded: 2}, func(c crowd) {
			for i := range 2 {
				c.visit(20+float64(i), history.VisitForwarded, fmt.Sprintf("oF%d", i), func(v *history.Visit) { v.Sender, v.Status, v.Seen = "oS", 403, "" })
			}
		}, history.Pass, 0, "10 logins, 10 visits with a session, 2 forwarded links, 10 codes"},
		{"a code twice", Logins{}, func(c crowd) { c.login(20, "oX"); c.code(20.05, "oX", "code of oX", 2) }, history.Fail, 1, "code exchanged 3 times: code of  of oX"},
		{"another one's session by a forwarded link", Logins{}, func(c crowd) {
			c.visit(20, history.VisitForwarded, "oX", func(v *history.Visit) { v.Sender, v.Seen = "oS", "oS" })
		}, history.Fail, 1, "session of another follower: oX, after a forwarded visit"},
		{"another one's session", Logins{}, func(c crowd) {
			c.visit(20, history.VisitFirst, "oX", func(v *history.Visit) { v.Seen = "oS" })
		}, history.Fail, 1, "is oS"},
		{"a call in vain", Logins{}, func(c crowd) {
			c.login(20, "oX")
			c.visit(22, history.VisitAgain, "oX")
			c.code(22.01, "oX", "other", 1)
		}, history.Fail, 1, "2 calls and showed 0 consent pages"},
		{"a consent in vain", Logins{}, func(c crowd) {
			c.login(20, "oX")
			c.visit(22, history.VisitAgain, "oX", func(v *history.Visit) { v.Consents = 1 })
		}, history.Fail, 1, "0 calls and showed 1 consent pages"},
		{"again, and the first visit failed", Logins{}, func(c crowd) {
			c.visit(20, history.VisitFirst, "oX", func(v *history.Visit) { v.Later = 1 }, failed)
			c.visit(22, history.VisitAgain, "oX", func(v *history.Visit) { v.Consents = 1 })
		}, history.Fail, 1, "error: oX"},
		{"an error", Logins{}, func(c crowd) { c.visit(20, history.VisitFirst, "oX", failed) }, history.Fail, 1, "error: oX, seq 20 at 20.000 s, status 503"},
		{"an error on a full machine", Logins{}, func(c crowd) {
			c.visit(20, history.VisitFirst, "oX", failed)
			c.Watch(lab.Exhausted, account.Stretch{FromS: 19, ToS: 21})
		}, history.Inconclusive, 0, "error: oX"},
		{"not logged in", Logins{}, func(c crowd) {
			c.visit(20, history.VisitFirst, "oX", func(v *history.Visit) { v.Status, v.Seen = 401, "" })
		}, history.Fail, 1, "status 401"},
		{"not logged in, on a full machine", Logins{}, func(c crowd) {
			c.visit(20, history.VisitFirst, "oX", func(v *history.Visit) { v.Status, v.Seen = 401, "" })
			c.Watch(lab.Exhausted, account.Stretch{FromS: 19, ToS: 21})
		}, history.Fail, 1, "status 401"},
		{"told to come later", Logins{}, func(c crowd) {
			c.visit(20, history.VisitFirst, "oX", func(v *history.Visit) { v.Later = 1 })
		}, history.Pass, 0, ""},
		{"at another server after a fault", Logins{Moved: 1}, func(c crowd) {
			c.Window("kill-login", 21, 23)
			c.login(20, "oX")
			c.visit(22, history.VisitAgain, "oX", func(v *history.Visit) { v.Consents = 1 })
			c.code(22.01, "oX", "other", 1)
		}, history.Pass, 0, "1 followers logged in again at another server"},
		{"at another server before any fault", Logins{Moved: 1}, func(c crowd) {
			c.Window("kill-login", 24, 25)
			c.login(20, "oX")
			c.visit(22, history.VisitAgain, "oX", func(v *history.Visit) { v.Consents = 1 })
		}, history.Fail, 1, "platform asked in vain"},
		{"led to no other server", Logins{Moved: 1}, func(c crowd) { c.Window("kill-login", 10, 12) }, history.Inconclusive, 0, "0 followers led to a server without their session, 1 wanted"},
		{"too few logins", Logins{Min: 11}, nil, history.Inconclusive, 0, "10 logins, 11 wanted"},
		{"too few visits", Logins{Again: 11}, nil, history.Inconclusive, 0, "10 visits with a session, 11 wanted"},
		{"a sender without a link is no forwarded link", Logins{Forwarded: 1}, func(c crowd) {
			c.visit(20, history.VisitForwarded, "oX", func(v *history.Visit) { v.Status, v.Seen, v.Error = 0, "", "no link" })
		}, history.Inconclusive, 0, "0 forwarded links, 1 wanted"},
		{"enough in the window", Logins{AgainPerWindow: map[string]int{"kill-login": 5}}, func(c crowd) { c.Window("kill-login", 10, 15) }, history.Pass, 0, ""},
		{"too few in the window", Logins{AgainPerWindow: map[string]int{"kill-login": 5}}, func(c crowd) { c.Window("kill-login", 10, 14) }, history.Inconclusive, 0, "4 visits with a session in a window of kill-login, 5 wanted"},
		{"a visit is missing", Logins{}, func(c crowd) {
			c.visit(20, history.VisitFirst, "oX")
			rows := history.LoginEvidence.Of(c.Arm)
			history.LoginEvidence.Set(c.Arm, rows[:len(rows)-1])
		}, history.Inconclusive, 0, "there is no visit of it"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := crowd{lab.New()}
			for i := range 10 {
				c.login(float64(i), fmt.Sprintf("o%d", i))
				c.visit(10+float64(i), history.VisitAgain, fmt.Sprintf("o%d", i))
			}
			if tc.more != nil {
				tc.more(c)
			}
			f := tc.judge.Check(c.Arm)
			if f.Verdict != tc.want || f.Violations != tc.broken || !strings.Contains(f.Detail, tc.detail) {
				t.Errorf("%s, %d violations: %s; want %s, %d, %q", f.Verdict, f.Violations, f.Detail, tc.want, tc.broken, tc.detail)
			}
		})
	}
	if f := (Logins{}).Check(lab.New().Arm); f.Verdict != history.Inconclusive {
		t.Errorf("no visit at all: %s", f.Verdict)
	}
}
