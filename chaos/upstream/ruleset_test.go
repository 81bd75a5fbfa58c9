package upstream_test

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"oalab/chaos/upstream"
)

func constant(s float64) *upstream.Latency {
	return &upstream.Latency{Dist: upstream.DistConstant, MedianS: s}
}

func newSet(t *testing.T, seed uint64, rules ...upstream.Rule) *upstream.Ruleset {
	t.Helper()
	set := upstream.NewRuleset(seed)
	if err := set.Set(rules); err != nil {
		t.Fatal(err)
	}
	return set
}

func TestDecide(t *testing.T) {
	slow := upstream.Rule{Match: upstream.Match{Op: "OrderProduct"}, Latency: constant(2)}
	lost := upstream.Rule{Match: upstream.Match{Op: "OrderProduct"}, Action: upstream.ActionAnswerLost}
	down := upstream.Rule{Match: upstream.Match{Path: "/carrier"}, Status: 503}
	account := upstream.Rule{Match: upstream.Match{Path: "/t", Account: "demo"}, ErrCode: 45009}
	faulty := upstream.Rule{Fault: "Server.Busy", Action: upstream.ActionDrip, Latency: constant(1)}
	tests := map[string]struct {
		rules             []upstream.Rule
		path, op, account string
		want              upstream.Decision
		label             string
	}{
		"no rules":                 {nil, "/carrier", "OrderProduct", "", upstream.Decision{}, ""},
		"other operation":          {[]upstream.Rule{slow}, "/carrier", "QueryUsage", "", upstream.Decision{}, ""},
		"latency":                  {[]upstream.Rule{slow}, "/carrier", "OrderProduct", "", upstream.Decision{Latency: 2 * time.Second}, "latency"},
		"path":                     {[]upstream.Rule{down}, "/carrier", "X", "a", upstream.Decision{Status: 503}, "status:503"},
		"other account":            {[]upstream.Rule{account}, "/t", "", "x", upstream.Decision{}, ""},
		"all fields match":         {[]upstream.Rule{account}, "/t", "", "demo", upstream.Decision{ErrCode: 45009}, "errcode:45009"},
		"latency and action merge": {[]upstream.Rule{slow, lost}, "/carrier", "OrderProduct", "", upstream.Decision{Latency: 2 * time.Second, Action: upstream.ActionAnswerLost}, "answer_lost"},
		"the first answer wins":    {[]upstream.Rule{lost, down}, "/carrier", "OrderProduct", "", upstream.Decision{Action: upstream.ActionAnswerLost}, "answer_lost"},
		"the first latency wins":   {[]upstream.Rule{faulty, slow}, "/carrier", "OrderProduct", "", upstream.Decision{Latency: time.Second, Fault: "Server.Busy", Action: upstream.ActionDrip}, "drip"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := newSet(t, 1, tt.rules...).Decide(tt.path, tt.op, tt.account)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
			if got.Label() != tt.label {
				t.Errorf("label %q, expected %q", got.Label(), tt.label)
			}
		})
	}
}

func decide(set *upstream.Ruleset, n int, op string) []upstream.Decision {
	out := make([]upstream.Decision, n)
	for i := range out {
		out[i] = set.Decide("/carrier", op, "")
	}
	return out
}

func TestSeedDecidesAll(t *testing.T) {
	rules := []upstream.Rule{
		{Match: upstream.Match{Op: "a"}, Share: 0.3, Latency: &upstream.Latency{Dist: upstream.DistLogNormal, MedianS: 1, Sigma: 1}},
		{Match: upstream.Match{Op: "a"}, Share: 0.5, Action: upstream.ActionReset},
	}
	want := decide(newSet(t, 7, rules...), 500, "a")
	if diff := cmp.Diff(want, decide(newSet(t, 7, rules...), 500, "a")); diff != "" {
		t.Errorf("the same seed decides otherwise: %s", diff)
	}
	if slices.Equal(want, decide(newSet(t, 8, rules...), 500, "a")) {
		t.Error("another seed decides the same")
	}

	t.Run("calls of others change nothing", func(t *testing.T) {
		set := newSet(t, 7, append(slices.Clone(rules), upstream.Rule{Match: upstream.Match{Op: "b"}, Share: 0.5, Status: 503})...)
		var got []upstream.Decision
		for range 500 {
			set.Decide("/carrier", "b", "")
			got = append(got, set.Decide("/carrier", "a", ""))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("a rule that stays goes on", func(t *testing.T) {
		set := newSet(t, 7, rules...)
		got := decide(set, 200, "a")
		if err := set.Set(append(slices.Clone(rules), upstream.Rule{Match: upstream.Match{Op: "b"}, Status: 503})); err != nil {
			t.Fatal(err)
		}
		got = append(got, decide(set, 300, "a")...)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("a rule that comes back draws anew", func(t *testing.T) {
		set := newSet(t, 7, rules...)
		for _, r := range [][]upstream.Rule{nil, rules} {
			if err := set.Set(r); err != nil {
				t.Fatal(err)
			}
		}
		if slices.Equal(want, decide(set, 500, "a")) {
			t.Error("it repeats the draws of its first time")
		}
	})
}

func TestShare(t *testing.T) {
	const n = 20_000
	for _, share := range []float64{0, 0.01, 0.5, 0.99, 1} {
		hits := 0
		for _, d := range decide(newSet(t, 3, upstream.Rule{Share: share, Status: 503}), n, "") {
			if d.Status != 0 {
				hits++
			}
		}
		want := share
		if share == 0 {
			want = 1
		}
		// Five standard deviations of the binomial distribution.
		if slack := 5*math.Sqrt(want*(1-want)/n) + 1e-9; math.Abs(float64(hits)/n-want) > slack {
			t.Errorf("share %v hit %d of %d calls", share, hits, n)
		}
	}
}

func TestLatencyDistributions(t *testing.T) {
	file := filepath.Join(t.TempDir(), "latency.txt")
	if err := os.WriteFile(file, []byte("# seconds\n0.1\n\n0.2\n 0.4 \n"), 0o600); err != nil {
		t.Fatal(err)
	}
	sample := func(l upstream.Latency, n int) []float64 {
		t.Helper()
		out := make([]float64, n)
		for i, d := range decide(newSet(t, 5, upstream.Rule{Latency: &l}), n, "") {
			out[i] = d.Latency.Seconds()
		}
		slices.Sort(out)
		return out
	}
	lognormal := sample(upstream.Latency{Dist: upstream.DistLogNormal, MedianS: 0.5, Sigma: 0.6}, 20_001)
	if median := lognormal[10_000]; math.Abs(median-0.5) > 0.02 {
		t.Errorf("log-normal median %v, expected 0.5", median)
	}
	if p99, want := lognormal[19_800], 0.5*math.Exp(2.326*0.6); math.Abs(p99-want)/want > 0.08 {
		t.Errorf("log-normal p99 %v, expected %v", p99, want)
	}
	seen := map[float64]int{}
	for _, s := range sample(upstream.Latency{Dist: upstream.DistFile, File: file}, 3000) {
		seen[s]++
	}
	for _, s := range []float64{0.1, 0.2, 0.4} {
		if seen[s] < 850 || seen[s] > 1150 {
			t.Errorf("drawn from the file: %v, expected each about 1000 times", seen)
		}
	}
	if got := sample(upstream.Latency{Dist: upstream.DistLogNormal, MedianS: 599, Sigma: 5}, 100); got[99] != upstream.MaxLatency.Seconds() {
		t.Errorf("longest latency %v s, expected the cap of %s", got[99], upstream.MaxLatency)
	}
}

func TestWrongRules(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"words": "1\nsoon\n2\nlater\n", "empty": "\n", "negative": "-1\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	file := func(name string) *upstream.Latency {
		return &upstream.Latency{Dist: upstream.DistFile, File: filepath.Join(dir, name)}
	}
	tests := map[string]struct {
		rule    upstream.Rule
		problem string
	}{
		"nothing":              {upstream.Rule{}, "does nothing"},
		"share above":          {upstream.Rule{Share: 1.1, Status: 500}, "share: 1.1"},
		"share below":          {upstream.Rule{Share: -1, Status: 500}, "share: -1"},
		"share NaN":            {upstream.Rule{Share: math.NaN(), Status: 500}, "share: NaN"},
		"status":               {upstream.Rule{Status: 99}, "status: 99"},
		"action":               {upstream.Rule{Action: "explode"}, `action: "explode" is none of`},
		"action with answer":   {upstream.Rule{Action: upstream.ActionReset, Status: 503}, "action: reset cannot go with"},
		"two answers":          {upstream.Rule{ErrCode: 1, Fault: "Server"}, "errcode: cannot go with fault"},
		"dist missing":         {upstream.Rule{Latency: &upstream.Latency{MedianS: 1}}, `latency.dist: "" is none of`},
		"median missing":       {upstream.Rule{Latency: constant(0)}, "latency.median_s: 0"},
		"median beyond":        {upstream.Rule{Latency: constant(601)}, "latency.median_s: 601"},
		"median NaN":           {upstream.Rule{Latency: constant(math.NaN())}, "latency.median_s: NaN"},
		"sigma":                {upstream.Rule{Latency: &upstream.Latency{Dist: "lognormal", MedianS: 1, Sigma: 9}}, "latency.sigma: 9"},
		"constant with sigma":  {upstream.Rule{Latency: &upstream.Latency{Dist: "constant", MedianS: 1, Sigma: 1}}, "latency.sigma"},
		"constant with file":   {upstream.Rule{Latency: &upstream.Latency{Dist: "constant", MedianS: 1, File: "x"}}, "latency.file"},
		"file not named":       {upstream.Rule{Latency: &upstream.Latency{Dist: "file"}}, "latency.file: is missing"},
		"file with median":     {upstream.Rule{Latency: &upstream.Latency{Dist: "file", File: "x", MedianS: 1}}, "latency.median_s"},
		"file not there":       {upstream.Rule{Latency: file("none")}, "no such file"},
		"file with words":      {upstream.Rule{Latency: file("words")}, "line 2, 4: not a number"},
		"file without numbers": {upstream.Rule{Latency: file("empty")}, "no latency in it"},
		"file back in time":    {upstream.Rule{Latency: file("negative")}, "line 1"},
	}
	good := upstream.Rule{Status: 503}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			set := newSet(t, 1, good)
			err := set.Set([]upstream.Rule{good, tt.rule})
			if err == nil || !strings.Contains(err.Error(), tt.problem) || !strings.HasPrefix(err.Error(), "rule 1: ") {
				t.Errorf("got %v, expected an error of rule 1 with %q", err, tt.problem)
			}
			if diff := cmp.Diff([]upstream.Rule{good}, set.Rules()); diff != "" {
				t.Errorf("a refused set changed the rules: %s", diff)
			}
		})
	}
	if err := upstream.NewRuleset(1).Set(slices.Repeat([]upstream.Rule{good}, upstream.MaxRules+1)); err == nil {
		t.Error("any number of rules is taken")
	}
}

func TestRulesAreCopied(t *testing.T) {
	rules := []upstream.Rule{{Latency: constant(1)}}
	set := newSet(t, 1, rules...)
	rules[0].Latency.MedianS = 2
	set.Rules()[0].Latency.MedianS = 3
	if got := set.Decide("", "", "").Latency; got != time.Second {
		t.Errorf("latency %s after changing the caller's copies, expected 1s", got)
	}
}

func TestConcurrentUse(t *testing.T) {
	set := upstream.NewRuleset(1)
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			for range 500 {
				set.Decide("/carrier", "a", "")
				set.Rules()
			}
		})
		all.Go(func() {
			for n := range 100 {
				if err := set.Set([]upstream.Rule{{Share: 0.5, Status: 500 + n%2}, {Match: upstream.Match{Op: fmt.Sprint(i)}, Latency: constant(1)}}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if n := len(set.Rules()); n != 2 {
		t.Errorf("%d rules, expected the 2 of the last call", n)
	}
}

func BenchmarkDecide(b *testing.B) {
	set := upstream.NewRuleset(1)
	if err := set.Set([]upstream.Rule{
		{Match: upstream.Match{Op: "OrderProduct"}, Share: 0.5, Latency: &upstream.Latency{Dist: upstream.DistLogNormal, MedianS: 1, Sigma: 1}},
		{Match: upstream.Match{Op: "QueryUsage"}, Status: 503},
	}); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		set.Decide("/carrier", "OrderProduct", "")
	}
}
