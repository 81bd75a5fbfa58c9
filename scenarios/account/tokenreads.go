package account

import (
	"cmp"
	"slices"
	"sort"

	wl "oalab/mockwechat/ledger"
	"oalab/scenarios/history"
)

// TokenFate is a token that the platform issued, and how long it was good for, in seconds after
// base.
type TokenFate struct {
	Account string
	BornS   float64
	// DeadS is when it had reached its promised end, or when the overlap after its replacement
	// was over.
	DeadS float64
	// KnownS is from when on the system could know it: an answer brought it. It is its promised
	// end if none did.
	KnownS float64
	// Again is how often the platform gave it out after the first time: a node that had it died,
	// or an answer was lost.
	Again int
}

// TokenFates are the tokens of an arm, by digest.
func TokenFates(a *history.Arm) map[string]*TokenFate {
	type family struct{ account, path string }
	fates, current := map[string]*TokenFate{}, map[family]*TokenFate{}
	for _, c := range tokenCalls(a) {
		at := a.Seconds(c.At)
		switch c.TokenIssue {
		case wl.IssueNone:
		case wl.IssueRepeat:
			if t := fates[c.Token]; t != nil {
				t.Again++
				if c.Status != 0 {
					t.KnownS = min(t.KnownS, at)
				}
			}
		case wl.IssueNew:
			life := float64(c.ExpiresInS)
			t := &TokenFate{Account: c.Account, BornS: at, DeadS: at + life, KnownS: at + life}
			if c.Status != 0 {
				t.KnownS = at
			}
			of := family{c.Account, c.Path}
			if last := current[of]; last != nil {
				last.DeadS = min(last.DeadS, at+min(longestOverlapS, life/4))
			}
			fates[c.Token], current[of] = t, t
		}
	}
	return fates
}

// longestOverlapS is for how long a token lives at most that was replaced, in seconds.
const longestOverlapS = 300

// tokenCalls are the calls of an arm that asked the platform for a token, by time.
func tokenCalls(a *history.Arm) []wl.Call {
	var calls []wl.Call
	for _, c := range a.WeChat {
		if c.Kind == wl.KindAPI && IsTokenCall(c.Path) {
			calls = append(calls, c)
		}
	}
	slices.SortStableFunc(calls, func(x, y wl.Call) int { return x.At.Compare(y.At) })
	return calls
}

// ReadFate is what became of a read of a token.
type ReadFate string

// What becomes of a read.
const (
	ReadGood ReadFate = "good" // a token that lived when the read began
	// ReadDead: a token that was dead when the read began.
	ReadDead ReadFate = "dead"
	// ReadStrange: a token that the platform never issued to the account.
	ReadStrange ReadFate = "strange"
	// ReadFailed: none, although one lived all the while that an answer had brought before.
	ReadFailed ReadFate = "failed"
	// ReadVain: none, and none lived that the system could have known.
	ReadVain ReadFate = "vain"
)

// TokenRead is a read of a token with what became of it.
type TokenRead struct {
	history.TokenRead

	AtS  float64 // when it began, in seconds after base
	Fate ReadFate
	// Of is the token that was handed out; nil: none, or a strange one.
	Of *TokenFate
}

// EndS is when the reader had the token, or gave up, in seconds after base.
func (r TokenRead) EndS() float64 { return r.AtS + r.TookS }

// TokenReads are the reads of an arm in the order in which they began.
func TokenReads(a *history.Arm) []TokenRead {
	fates := TokenFates(a)
	ofAccount := map[string][]*TokenFate{}
	for _, t := range fates {
		ofAccount[t.Account] = append(ofAccount[t.Account], t)
	}
	var out []TokenRead
	for _, r := range history.TokenReadEvidence.Of(a) {
		read := TokenRead{TokenRead: r, AtS: a.Seconds(r.At)}
		switch t := fates[r.Token]; {
		case r.Error != "":
			read.Fate = ReadVain
			if slices.ContainsFunc(ofAccount[r.Account], func(t *TokenFate) bool { return t.KnownS < read.AtS && read.EndS() < t.DeadS }) {
				read.Fate = ReadFailed
			}
		case t == nil || t.Account != r.Account:
			read.Fate = ReadStrange
		case t.DeadS < read.AtS:
			read.Fate, read.Of = ReadDead, t
		default:
			read.Fate, read.Of = ReadGood, t
		}
		out = append(out, read)
	}
	slices.SortStableFunc(out, func(x, y TokenRead) int { return cmp.Compare(x.AtS, y.AtS) })
	return out
}

// ReadsIn are the reads that a window may have met, of reads in the order of their beginnings.
func ReadsIn(reads []TokenRead, w history.Window) []TokenRead {
	from := sort.Search(len(reads), func(i int) bool { return reads[i].AtS >= w.SinceS() })
	to := sort.Search(len(reads), func(i int) bool { return reads[i].AtS >= w.ToS })
	return reads[from:max(from, to)]
}
