package account

import (
	wl "oalab/mockwechat/ledger"
	"oalab/scenarios/history"
	"oalab/scenarios/stat"
)

// AskedS are the times, ascending, of the reads of a way that asked a node and got a token, in
// seconds; "": of both ways that ask.
func AskedS(reads []TokenRead, way string) []float64 {
	var took []float64
	for _, r := range reads {
		if r.Token != "" && r.Way != history.WayKept && (way == "" || way == r.Way) {
			took = append(took, r.TookS)
		}
	}
	return stat.Ascending(took)
}

// IssuedIn counts the tokens that the platform issued from the base of an arm on, the calls by
// which it gave one of them out once more, and the most that one account got.
func IssuedIn(a *history.Arm) (issued, again, most int) {
	of := map[string]int{}
	for _, t := range TokenFates(a) {
		if t.BornS < 0 {
			continue
		}
		issued++
		again += t.Again
		of[t.Account]++
		most = max(most, of[t.Account])
	}
	return issued, again, most
}

// TokenCallsPeak is the most calls for tokens within a second, and how many there were, from the
// base of an arm on.
func TokenCallsPeak(a *history.Arm) (peak, calls int) {
	var moments []float64
	for _, c := range tokenCalls(a) {
		if s := a.Seconds(c.At); s >= 0 {
			moments = append(moments, s)
		}
	}
	from := 0
	for i, s := range moments {
		for moments[from] <= s-1 {
			from++
		}
		peak = max(peak, i-from+1)
	}
	return peak, len(moments)
}

// GivenAgain counts the calls by which the platform gave out once more what it had issued from a
// moment on, in seconds after base.
func GivenAgain(a *history.Arm, fromS float64) int {
	n := 0
	fates := TokenFates(a)
	for _, c := range tokenCalls(a) {
		t := fates[c.Token]
		n += stat.Indicator(c.TokenIssue == wl.IssueRepeat && t != nil && t.BornS >= fromS)
	}
	return n
}
