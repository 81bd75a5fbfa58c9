package figure

import (
	"testing"

	wl "oalab/mockwechat/ledger"
	"oalab/scenarios/account"
	"oalab/scenarios/history"
	"oalab/scenarios/lab"
)

// TestTokenReadFigures: what reads came to is counted as readers and the platform saw it (SCN-12).
func TestTokenReadFigures(t *testing.T) {
	l := lab.New()
	read := func(s, took float64, way, name, token string) {
		r := history.TokenRead{Seq: uint64(len(l.Plan)), At: lab.At(s), TookS: took, Account: name, Way: way, Token: token}
		if token == "" {
			r.Error = "none"
		}
		l.Plan = append(l.Plan, history.PlannedOp{Seq: r.Seq, DueS: s, Kind: history.KindTokenRead, Key: name})
		l.Operations = append(l.Operations, history.Operation{Seq: r.Seq, StartS: s, LatencyS: took, Status: 200})
		history.TokenReadEvidence.Set(l.Arm, append(history.TokenReadEvidence.Of(l.Arm), r))
	}
	issue := func(s float64, name, token string, issue wl.TokenIssue) {
		l.WeChat = append(l.WeChat, wl.Call{
			At: lab.At(s), Kind: wl.KindAPI, Account: name, Path: account.PathStableToken, Token: token, TokenIssue: issue, ExpiresInS: 60, Status: 200,
		})
	}
	issue(-50, "a", "before", wl.IssueNew)
	issue(-1, "a", "before", wl.IssueRepeat) // before the load: no token of it
	issue(5, "a", "next", wl.IssueNew)
	issue(5.5, "a", "next", wl.IssueRepeat)
	issue(5.9, "b", "first", wl.IssueNew)
	issue(7, "b", "second", wl.IssueNew)
	read(1, 0.001, history.WayGRPC, "a", "before")
	read(2, 0.003, history.WayHTTP, "a", "before")
	read(3, 0.9, history.WayKept, "a", "before")
	read(11, 0.002, history.WayGRPC, "a", "before") // its end was at 10 s
	read(12, 0.002, history.WayGRPC, "b", "next")
	read(13, 4, history.WayHTTP, "b", "")
	l.Record.Load.Page = "/control/v1/accounts/{account}/token"
	got := map[string]float64{}
	for _, f := range All(l.Arm, nil) {
		got[f.Name] = f.Value
	}
	for name, want := range map[string]float64{
		"token_reads": 6, "token_reads_failed": 1, "token_reads_dead": 2, "tokens_issued": 3, "tokens_given_again": 1,
		"tokens_per_account_max": 2, "renewals_peak_per_s": 3, "token_read_p99_s": 0.003,
	} {
		if value, ok := got[name]; !ok || value != want {
			t.Errorf("%s = %g (%t), want %g", name, value, ok, want)
		}
	}
	for _, name := range []string{"tries_failed", "statements_per_message", "orders_acknowledged"} {
		if value, ok := got[name]; ok {
			t.Errorf("%s = %g: a read is no message", name, value)
		}
	}
}
