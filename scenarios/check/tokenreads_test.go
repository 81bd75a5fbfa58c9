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

// storm writes a history of token reads by hand.
type storm struct{ *lab.Lab }

// issue lets the platform give a token of 60 s out, answered with a status.
func (h storm) issue(s float64, name, token string, issue wl.TokenIssue, status int) {
	h.WeChat = append(h.WeChat, wl.Call{
		At: lab.At(s), Kind: wl.KindAPI, Account: name, Path: account.PathStableToken, Token: token, TokenIssue: issue, ExpiresInS: 60, Status: status,
	})
}

// read is a read of 0.1 s.
func (h storm) read(s float64, name, token string) {
	r := history.TokenRead{Seq: uint64(len(h.Plan)), At: lab.At(s), TookS: 0.1, Account: name, Way: history.WayGRPC, Token: token}
	if token == "" {
		r.Error = "no control node gives it"
	}
	h.Plan = append(h.Plan, history.PlannedOp{Seq: r.Seq, DueS: s, Kind: history.KindTokenRead, Key: name, Event: r.Way})
	h.Operations = append(h.Operations, history.Operation{Seq: r.Seq, StartS: s, LatencyS: 0.1, Status: 200})
	history.TokenReadEvidence.Set(h.Arm, append(history.TokenReadEvidence.Of(h.Arm), r))
}

// TestTokenReads: every account has a token from -40 s on and the next one from 10 s on, so that
// the first one is dead from 20 s on, its promised end.
func TestTokenReads(t *testing.T) {
	for _, tc := range []struct {
		name   string
		judge  TokenReads
		more   func(storm)
		want   history.Verdict
		broken int
		detail string
	}{
		{"as it should be", TokenReads{Min: 20, Renewed: 10}, nil, history.Pass, 0, "20 reads, 0 without a token, 10 accounts whose token was renewed"},
		{"the old one while it lives", TokenReads{}, func(h storm) { h.read(19.9, "a0", "old a0") }, history.Pass, 0, ""},
		{"the old one after its end", TokenReads{}, func(h storm) { h.read(20.1, "a0", "old a0") }, history.Fail, 1, "dead token: old a0 of account a0 was handed out over grpc at 20.10 s, dead since 20.00 s"},
		{"one that was replaced, after its overlap", TokenReads{}, func(h storm) {
			h.issue(30, "a0", "third", wl.IssueNew, 200)
			h.read(44.9, "a0", "new a0")
			h.read(45.1, "a0", "new a0")
		}, history.Fail, 1, "dead since 45.00 s"},
		{"another account's", TokenReads{}, func(h storm) { h.read(15, "a0", "new a1") }, history.Fail, 1, "never issued to it"},
		{"one from nowhere", TokenReads{}, func(h storm) { h.read(15, "a0", "strange") }, history.Fail, 1, "unknown token"},
		{"a failure while a token lives", TokenReads{}, func(h storm) { h.read(15, "a0", "") }, history.Fail, 1, "failed: read of account a0 over grpc at 15.00 s"},
		{"a failure on a full machine", TokenReads{}, func(h storm) {
			h.read(15, "a0", "")
			h.Watch(lab.Exhausted, account.Stretch{FromS: 14, ToS: 16})
		}, history.Inconclusive, 0, "failed: read"},
		{"a dead token on a full machine", TokenReads{}, func(h storm) {
			h.read(21, "a0", "old a0")
			h.Watch(lab.Exhausted, account.Stretch{FromS: 20, ToS: 22})
		}, history.Fail, 1, "dead token"},
		{"a failure without a token", TokenReads{}, func(h storm) { h.read(75, "a0", "") }, history.Inconclusive, 0, "no token lived"},
		{"a failure before the answer with the token", TokenReads{}, func(h storm) {
			h.issue(30, "b", "lost", wl.IssueNew, 0)
			h.read(31, "b", "")
			h.issue(32, "b", "lost", wl.IssueRepeat, 200)
		}, history.Inconclusive, 0, "no token lived"},
		{"a failure after the second answer with the token", TokenReads{}, func(h storm) {
			h.issue(30, "b", "lost", wl.IssueNew, 0)
			h.issue(32, "b", "lost", wl.IssueRepeat, 200)
			h.read(33, "b", "")
		}, history.Fail, 1, "failed: read"},
		{"failures that may be", TokenReads{MayFail: true}, func(h storm) { h.read(15, "a0", ""); h.read(75, "a0", "") }, history.Pass, 0, "2 without a token"},
		{"too few reads", TokenReads{Min: 21}, nil, history.Inconclusive, 0, "20 reads, 21 wanted"},
		{"too few renewed", TokenReads{Renewed: 11}, nil, history.Inconclusive, 0, "10 accounts whose token was renewed, 11 wanted"},
		{"enough in the window", TokenReads{MinPerWindow: map[string]int{"kill-control": 5}}, func(h storm) { h.Window("kill-control", 0, 4.5) }, history.Pass, 0, ""},
		{"too few in the window", TokenReads{MinPerWindow: map[string]int{"kill-control": 5}}, func(h storm) { h.Window("kill-control", 0, 3.5) }, history.Inconclusive, 0, "4 reads in the window of kill-control at 0.0 s, 5 wanted"},
		{"a read is missing", TokenReads{}, func(h storm) {
			h.read(15, "a0", "new a0")
			rows := history.TokenReadEvidence.Of(h.Arm)
			history.TokenReadEvidence.Set(h.Arm, rows[:len(rows)-1])
		}, history.Inconclusive, 0, "there is no read of it"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := storm{lab.New()}
			for i := range 10 {
				name := fmt.Sprintf("a%d", i)
				h.issue(-40, name, "old "+name, wl.IssueNew, 200)
				h.issue(10, name, "new "+name, wl.IssueNew, 200)
				h.read(float64(i), name, "old "+name)
			}
			for i := range 10 {
				name := fmt.Sprintf("a%d", i)
				h.read(11+float64(i)/10, name, "new "+name)
			}
			if tc.more != nil {
				tc.more(h)
			}
			f := tc.judge.Check(h.Arm)
			if f.Verdict != tc.want || f.Violations != tc.broken || !strings.Contains(f.Detail, tc.detail) {
				t.Errorf("%s, %d violations: %s; want %s, %d: %s", f.Verdict, f.Violations, f.Detail, tc.want, tc.broken, tc.detail)
			}
		})
	}
	if f := (TokenReads{}).Check(lab.New().Arm); f.Verdict != history.Inconclusive {
		t.Errorf("without reads: %s", f.Verdict)
	}
}
