package check

import (
	"strings"
	"testing"

	wl "oalab/mockwechat/ledger"
	"oalab/scenarios/account"
	"oalab/scenarios/history"
	"oalab/scenarios/lab"
)

// gives is an answer of a token interface.
func gives(s float64, path, token string, issue wl.TokenIssue, life int) wl.Call {
	return wl.Call{
		At: lab.At(s), Kind: wl.KindAPI, Account: "demo", Path: path, Token: token, TokenState: wl.TokenValid,
		TokenIssue: issue, ExpiresInS: life, Status: 200,
	}
}

func stable(s float64, token string) wl.Call {
	return gives(s, account.PathStableToken, token, wl.IssueNew, 20)
}

// lost keeps an answer from the server.
func lost(c wl.Call) wl.Call {
	c.Status = 0
	return c
}

func uses(s float64, token string, state wl.TokenState) wl.Call {
	c := wl.Call{At: lab.At(s), Kind: wl.KindAPI, Account: "demo", Path: "/cgi-bin/message/custom/send", Token: token, TokenState: state, Status: 200}
	if state == wl.TokenDead {
		c.ErrCode = 40001
	}
	return c
}

func TestTokens(t *testing.T) {
	const valid, overlap, dead = wl.TokenValid, wl.TokenOverlap, wl.TokenDead
	accepted := uses(30, "a", dead)
	accepted.ErrCode = 0
	push := uses(90, "a", dead)
	push.Kind = wl.KindPush
	tests := []struct {
		name   string
		judge  Tokens
		calls  []wl.Call
		want   history.Verdict
		broken int
		detail string
	}{
		{"renewed in time", Tokens{Renewals: 2, Calls: 3}, []wl.Call{
			stable(0, "a"), uses(1, "a", valid), stable(16, "b"), uses(17, "a", overlap), uses(18, "b", valid), stable(33, "c"),
		}, history.Pass, 0, "3 tokens issued, 2 of them renewals"},
		{"lines in any order", Tokens{Renewals: 1}, []wl.Call{uses(18, "b", valid), stable(16, "b"), stable(0, "a")}, history.Pass, 0, ""},
		{"asked too early", Tokens{}, []wl.Call{
			stable(0, "a"), gives(14, account.PathStableToken, "a", wl.IssueRepeat, 6), stable(16, "b"),
		}, history.Pass, 0, "1 repeated"},
		{"too few renewals", Tokens{Renewals: 2}, []wl.Call{stable(0, "a"), stable(16, "b")}, history.Inconclusive, 0, "1 renewals, 2 wanted"},
		{"too few calls", Tokens{Calls: 1}, []wl.Call{stable(0, "a")}, history.Inconclusive, 0, "0 calls with a token, 1 wanted"},
		{"nothing at all", Tokens{Renewals: 1}, nil, history.Inconclusive, 0, ""},

		{"under way when it ended", Tokens{}, []wl.Call{stable(0, "a"), uses(20.9, "a", dead)}, history.Pass, 0, "1 with a dead one that the server could not"},
		{"planted: used after its life", Tokens{}, []wl.Call{stable(0, "a"), uses(21.1, "a", dead), uses(22, "a", dead)}, history.Fail, 2, "dead token: "},
		{"planted: used after its life, no answer read", Tokens{}, []wl.Call{stable(0, "a"), lost(uses(22, "a", dead))}, history.Fail, 1, ""},
		{"planted: accepted by the platform", Tokens{}, []wl.Call{stable(0, "a"), accepted}, history.Fail, 1, "accepted: "},
		{"planted: accepted although it died early", Tokens{}, []wl.Call{stable(0, "a"), func() wl.Call { c := accepted; c.At = lab.At(2); return c }()}, history.Fail, 1, "accepted: "},
		{"planted: never issued", Tokens{}, []wl.Call{stable(0, "a"), uses(1, "x", dead)}, history.Fail, 1, "unknown token: "},
		{"pushes carry none", Tokens{}, []wl.Call{stable(0, "a"), push}, history.Pass, 0, ""},

		{"the first refusal of one that died early", Tokens{}, []wl.Call{
			stable(0, "a"), uses(5, "a", dead), uses(5.9, "a", dead), stable(5.5, "b"), uses(7, "b", valid),
		}, history.Pass, 0, "2 with a dead one that the server could not"},
		{"refusals that were not read", Tokens{}, []wl.Call{
			stable(0, "a"), lost(uses(5, "a", dead)), lost(uses(7, "a", dead)), uses(8, "a", dead),
		}, history.Pass, 0, ""},
		{"planted: a refusal is not heard", Tokens{}, []wl.Call{
			stable(0, "a"), uses(5, "a", dead), uses(6.1, "a", dead),
		}, history.Fail, 1, "could know to be dead since 5.0 s"},

		{"planted: issued twice", Tokens{}, []wl.Call{
			gives(0, account.PathPlainToken, "a", wl.IssueNew, 20), gives(0.1, account.PathPlainToken, "b", wl.IssueNew, 20),
		}, history.Fail, 1, "issued twice: "},
		{"planted: renewed twice", Tokens{}, []wl.Call{stable(0, "a"), stable(16, "b"), stable(16.5, "c"), stable(32, "d")}, history.Fail, 1, "issued twice: "},
		{"planted: renewed too early", Tokens{}, []wl.Call{stable(0, "a"), stable(13.9, "b")}, history.Fail, 1, "more than the 5.0 s"},
		{"its own call was slow", Tokens{}, []wl.Call{stable(0.9, "a"), stable(15, "b")}, history.Pass, 0, ""},
		{"a window of five minutes", Tokens{}, []wl.Call{
			gives(0, account.PathPlainToken, "a", wl.IssueNew, 7200), gives(6898, account.PathPlainToken, "b", wl.IssueNew, 7200),
		}, history.Fail, 1, "more than the 300.0 s"},
		{"the answer was lost", Tokens{}, []wl.Call{
			lost(gives(0, account.PathPlainToken, "a", wl.IssueNew, 20)), gives(1, account.PathPlainToken, "b", wl.IssueNew, 20),
		}, history.Pass, 0, ""},
		{"planted: lost, repeated, and issued again", Tokens{}, []wl.Call{
			lost(stable(0, "a")), gives(1, account.PathStableToken, "a", wl.IssueRepeat, 19), stable(2, "b"),
		}, history.Fail, 1, ""},
		{"the kinds do not touch each other", Tokens{}, []wl.Call{stable(0, "a"), gives(1, account.PathPlainToken, "b", wl.IssueNew, 20)}, history.Pass, 0, ""},
		{"refused by quota", Tokens{}, []wl.Call{
			stable(0, "a"), {At: lab.At(1), Kind: wl.KindAPI, Account: "demo", Path: account.PathStableToken, ErrCode: 45009, Status: 200},
		}, history.Pass, 0, "1 tokens issued"},
		{"another account", Tokens{}, []wl.Call{stable(0, "a"), func() wl.Call { c := stable(1, "b"); c.Account = "other"; return c }()}, history.Pass, 0, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := lab.New()
			l.WeChat = tt.calls
			got := tt.judge.Check(l.Arm)
			if got.Verdict != tt.want || got.Violations != tt.broken || !strings.Contains(got.Detail, tt.detail) {
				t.Errorf("got %+v", got)
			}
		})
	}
}
