package compare

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"oalab/scenarios/history"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// drawn are n runs of a system whose latency is multiplied by slow, made in turns
// with those of the other side (phase 0 or 1).
func drawn(random *rand.Rand, name string, n, phase int, slow float64) []Run {
	var runs []Run
	for i := range n {
		noise := func() float64 { return math.Exp(0.05 * random.NormFloat64()) }
		zero := 0.0
		runs = append(runs, Run{Dir: fmt.Sprintf("%s-%d", name, i), Manifest: history.Manifest{
			Scenario: "smoke", Topology: "embedded", Size: "short", Seed: uint64(2*i + phase),
			Verdict: history.Pass, Arms: []string{"main"}, Started: noon.Add(time.Duration(2*i+phase) * time.Minute),
			Figures: []history.Figure{
				{Name: "p50_due_s", Value: 0.010 * noise(), Unit: "s"},
				{Name: "p99_due_s", Value: 0.200 * noise() * slow, Unit: "s"},
				{Name: "p99_sent_s", Value: 0.190 * noise() * slow, Unit: "s"},
				{Name: "throughput_per_s", Value: 300 * noise(), Unit: "1/s"},
				{Name: "orders_lost", Value: 0, Unit: "1", Relation: "==", Limit: &zero},
				{Name: "messages_retried", Value: math.Round(200 * noise()), Unit: "1", Relation: ">=", Limit: &zero},
				{Name: "effect/kill", Value: 5, Relation: ">=", Limit: &zero},
			},
		}})
	}
	return runs
}

func gateAt(v float64) Options { return Options{Alpha: 0.05, Gate: &v} }

func conclusions(r Result) map[string]string {
	out := map[string]string{}
	for _, f := range r.Figures {
		out[f.Name] = f.Conclusion
	}
	return out
}

// TestPlantedRegression plants a tail that is 20 % slower: it is found, and nothing else.
func TestPlantedRegression(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	r, err := Compare(drawn(random, "base", 10, 0, 1), drawn(random, "new", 10, 1, 1.2), gateAt(0.1))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"p50_due_s": Unclear, "p99_due_s": Worse, "throughput_per_s": Unclear, "orders_lost": Same, "messages_retried": Unclear,
	}
	if diff := cmp.Diff(want, conclusions(r)); diff != "" {
		t.Errorf("conclusions (-want +got):\n%s", diff)
	}
	if r.Gate.Verdict != history.Fail || !strings.HasPrefix(r.Gate.Reason, "p99_due_s is worse by ") {
		t.Errorf("gate %+v", r.Gate)
	}
	if p99 := r.Figures[1]; *p99.Ratio.Low > 1.2 || *p99.Ratio.High < 1.2 || *p99.PHolm > 0.001 {
		t.Errorf("p99: ratio [%g, %g], p %g", *p99.Ratio.Low, *p99.Ratio.High, *p99.PHolm)
	}
	// A gate as wide as the regression lets it pass; the conclusion stays.
	r, err = Compare(drawn(random, "base", 10, 0, 1), drawn(random, "new", 10, 1, 1.2), gateAt(0.4))
	if err != nil || r.Gate.Verdict != history.Pass || conclusions(r)["p99_due_s"] != Worse {
		t.Errorf("gate at 40 %%: %+v, %v", r.Gate, err)
	}
	// The other way round it is an improvement.
	r, err = Compare(drawn(random, "base", 10, 0, 1.2), drawn(random, "new", 10, 1, 1), gateAt(0))
	if err != nil || conclusions(r)["p99_due_s"] != Better || *r.Figures[1].Worsening > 0 {
		t.Errorf("improvement: %v, %v", conclusions(r), err)
	}
}

// TestNoChange compares a system with itself many times: over all figures together,
// a difference is called real in no more than alpha of the comparisons.
func TestNoChange(t *testing.T) {
	random := rand.New(rand.NewPCG(2, 2))
	const rounds = 400
	wrong, refused := 0, 0
	for range rounds {
		r, err := Compare(drawn(random, "base", 8, 0, 1), drawn(random, "new", 8, 1, 1), gateAt(0.1))
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range conclusions(r) {
			if c != Unclear && c != Same {
				wrong++
				break
			}
		}
		if r.Gate.Verdict != history.Pass {
			refused++
		}
	}
	if limit := rounds / 13; wrong > limit { // 5 % and two standard deviations
		t.Errorf("%d of %d comparisons without a change found one", wrong, rounds)
	}
	if refused > rounds/100 {
		t.Errorf("the gate held %d of %d", refused, rounds)
	}
}

// TestTooFewRuns has a large difference between few runs: it is shown, and nothing is
// concluded from it.
func TestTooFewRuns(t *testing.T) {
	for n, wants := range map[int][]string{
		1: {"one run against one", "the smallest p they can reach is 1", "5 runs a side"},
		3: {"3 against 3 runs are too few", "the smallest p they can reach is 0.1, and 0.4 corrected for 4 figures", "5 runs a side"},
	} {
		random := rand.New(rand.NewPCG(3, 3))
		r, err := Compare(drawn(random, "base", n, 0, 1), drawn(random, "new", n, 1, 2), gateAt(0.1))
		if err != nil {
			t.Fatal(err)
		}
		if got := conclusions(r)["p99_due_s"]; got != TooFew || r.Gate.Verdict != history.Inconclusive {
			t.Errorf("n %d: %q, gate %+v", n, got, r.Gate)
		}
		if d := r.Figures[1].Difference; d.Value < 0.1 || n < 3 && d.Low != nil {
			t.Errorf("n %d: difference %+v", n, d)
		}
		for _, want := range wants {
			if !strings.Contains(strings.Join(r.Warnings, "\n"), want) {
				t.Errorf("n %d: no %q in %q", n, want, r.Warnings)
			}
		}
	}
}

func TestGate(t *testing.T) {
	// One value a run of a figure that is better low, and what the gate at 10 % says.
	for name, tt := range map[string]struct {
		base, with []float64
		want       history.Verdict
	}{
		"worse":                        {[]float64{1, 1.1, 1.2, 1.3}, []float64{2, 2.1, 2.2, 2.3}, history.Fail},
		"worse from zero":              {[]float64{0, 0, 0, 0}, []float64{2, 1, 2, 3}, history.Fail},
		"worse by less than the gate":  {[]float64{100, 101, 102, 103}, []float64{105, 106, 107, 108}, history.Pass},
		"better":                       {[]float64{2, 2.1, 2.2, 2.3}, []float64{1, 1.1, 1.2, 1.3}, history.Pass},
		"not significantly worse":      {[]float64{1, 1.1, 1.2, 3}, []float64{1.15, 2.1, 2.2, 2.3}, history.Inconclusive},
		"too few":                      {[]float64{1, 1.1, 1.2}, []float64{2, 2.1, 2.2}, history.Inconclusive},
		"too few, though it is better": {[]float64{2}, []float64{1}, history.Inconclusive},
		"the same":                     {[]float64{0, 0, 0, 0}, []float64{0, 0, 0, 0}, history.Pass},
	} {
		r, err := Compare(valued("base", "outage_s", tt.base), valued("new", "outage_s", tt.with), withFigures(gateAt(0.1), "outage_s"))
		if err != nil || r.Gate.Verdict != tt.want {
			t.Errorf("%s: %+v, %v; want %s", name, r.Gate, err, tt.want)
		}
		if _, err := json.Marshal(r); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Compare(valued("base", "cycles", []float64{1}), valued("new", "cycles", []float64{2}), withFigures(gateAt(0.1), "cycles")); err == nil {
		t.Error("a gate with nothing to hold passed")
	}
	r, err := Compare(valued("base", "outage_s", []float64{1}), valued("new", "outage_s/kill", []float64{2}), withFigures(gateAt(0.1), "outage_s*", "outage_s/*"))
	if err != nil || r.Gate.Verdict != history.Inconclusive {
		t.Errorf("figures of one side only: %+v, %v", r.Gate, err)
	}
}

func withFigures(o Options, names ...string) Options {
	o.Figures = names
	return o
}

func valued(dir, figure string, values []float64) []Run {
	var runs []Run
	for i, v := range values {
		runs = append(runs, Run{Dir: fmt.Sprintf("%s-%d", dir, i), Manifest: history.Manifest{
			Scenario: "smoke", Topology: "embedded", Size: "short", Verdict: history.Pass, Seed: 7,
			Figures: []history.Figure{{Name: figure, Value: v}},
		}})
	}
	return runs
}

func TestRefusals(t *testing.T) {
	at := func(dir string, change func(*Run)) []Run {
		r := valued(dir, "error_ratio", []float64{0})[0]
		r.Dir = dir
		change(&r)
		return []Run{r}
	}
	plain := func(*Run) {}
	gone := errors.New("no run.json")
	for name, tt := range map[string]struct {
		base, with []Run
		o          Options
		want       string
	}{
		"scenario":     {at("a", plain), at("b", func(r *Run) { r.Manifest.Scenario = "other" }), Options{Alpha: 0.05}, "runs of one scenario only can be compared: a has scenario smoke, b has other"},
		"size":         {at("a", plain), at("b", func(r *Run) { r.Manifest.Size = "full" }), Options{Alpha: 0.05}, "a has size short, b has full"},
		"topology":     {at("a", plain), at("b", func(r *Run) { r.Manifest.Topology = "docker" }), Options{Alpha: 0.05}, "a has topology embedded, b has docker"},
		"twice":        {at("a", plain), at("a/", plain), Options{Alpha: 0.05}, "given twice"},
		"by a link":    {at("a", plain), at("link", func(r *Run) { r.Path = "a" }), Options{Alpha: 0.05}, "given twice"},
		"a copy":       {at("a", func(r *Run) { r.Manifest.Started = noon }), at("b", func(r *Run) { r.Manifest.Started = noon }), Options{Alpha: 0.05}, "a and b hold the same run"},
		"missing":      {at("a", plain), at("b", func(r *Run) { r.Err = gone }), Options{Alpha: 0.05}, "none of the new runs can be had: b cannot be read: no run.json"},
		"inconclusive": {at("a", func(r *Run) { r.Manifest.Verdict, r.Manifest.Reason = history.Inconclusive, "interrupted" }), at("b", plain), Options{Alpha: 0.05}, "base runs: no conclusive run is left: a is inconclusive: interrupted"},
		"empty":        {nil, at("b", plain), Options{Alpha: 0.05}, "one of them is empty"},
		"alpha":        {at("a", plain), at("b", plain), Options{Alpha: math.NaN()}, "alpha is NaN"},
		"gate":         {at("a", plain), at("b", plain), gateAt(-1), "gate is -1"},
		"figure":       {at("a", plain), at("b", plain), Options{Alpha: 0.05, Figures: []string{"error_ratio", "p9"}}, `no run has a figure "p9"`},
		"pattern":      {at("a", plain), at("b", plain), Options{Alpha: 0.05, Figures: []string{"p["}}, "syntax error in pattern"},
	} {
		_, err := Compare(tt.base, tt.with, tt.o)
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: error %v, want %q", name, err, tt.want)
		}
		if got := errors.Is(err, ErrNothingLeft); got != (name == "inconclusive") {
			t.Errorf("%s: nothing left: %v", name, got)
		}
	}
}

func TestWarnings(t *testing.T) {
	random := rand.New(rand.NewPCG(4, 4))
	base, with := drawn(random, "base", 6, 0, 1), drawn(random, "new", 6, 1, 1)
	base[0].Manifest.Verdict, base[0].Manifest.Reason = history.Inconclusive, "interrupted"
	base[1].Err = errors.New("no\nsuch folder")
	with[0].Manifest.Verdict, with[0].Manifest.Reason = history.Fail, "orders: 1 lost"+strings.Repeat("说", 1000)
	with[1].Manifest.Environment = map[string]string{"cores": "4"}
	with[2].Manifest.Figures = with[2].Manifest.Figures[1:]
	with[3].Manifest.Seed, with[3].Manifest.PlanSHA256 = base[2].Manifest.Seed, "other"
	r, err := Compare(base, with, Options{Alpha: 0.05})
	if err != nil {
		t.Fatal(err)
	}
	text := r.Markdown()
	for _, want := range []string{
		"base run base-0 is left out, inconclusive: interrupted",
		"base run base-1 is left out, cannot be read: no such folder",
		"run new-0 failed and is still compared: orders: 1 lost",
		"the machine differs: cores is , 4",
		"not every run has: p50_due_s (4 of 4 base runs, 5 of 6 new runs)",
		"runs of seed 4 have different plans",
		"That is fine",
		"6 new runs against 4 base runs",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in:\n%s", want, text)
		}
	}
	if strings.Contains(text, strings.Repeat("说", 200)) {
		t.Errorf("a reason of 1000 letters is told in full:\n%s", text)
	}
	if strings.Contains(text, "in turns") {
		t.Errorf("runs that were made in turns are said not to be:\n%s", text)
	}
	for i := range with {
		with[i].Manifest.Started = with[i].Manifest.Started.Add(time.Hour)
	}
	if r, err = Compare(base, with, Options{Alpha: 0.05}); err != nil || !strings.Contains(r.Markdown(), "in turns") {
		t.Errorf("one side after the other: %v, %v", r.Notes, err)
	}
}

func TestWanted(t *testing.T) {
	for name, want := range map[string]string{
		"p99_due_s": lower, "p50_sent_s/carrier-slow": lower, "outage_s/kill-host@1s": lower, "outage_median_s": lower, "error_ratio/control": lower,
		"orders_lost": lower, "queue_depth_end": lower, "split_ns_thesis": lower, "throughput_per_s": higher, "cache_hit_ratio@thesis": higher,
		"node_p99_s/app1": lower, "node_push_delay_in_time/app1@control": higher, "node_requests_per_s/app1": "",
		"messages_retried": "", "effect/kill": "", "zero_share_thesis": "", "unheard_of": "",
	} {
		if got := wanted(name, ""); got != want {
			t.Errorf("wanted(%s) = %q, want %q", name, got, want)
		}
	}
	if wanted("unheard_of", "<=") != lower || wanted("unheard_of", ">") != higher || wanted("messages_retried", ">=") != "" {
		t.Error("the relation of an objective does not decide for unknown figures alone")
	}
}

// TestTableIsAligned has all lines of the table equally wide, with letters of any width.
func TestTableIsAligned(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 5))
	r, err := Compare(drawn(random, "base", 6, 0, 1), drawn(random, "new", 6, 1, 3), gateAt(0.1))
	if err != nil {
		t.Fatal(err)
	}
	width, lines := 0, 0
	for line := range strings.Lines(r.Markdown()) {
		if !strings.HasPrefix(line, "|") {
			continue
		}
		lines++
		if n := len([]rune(line)); width != 0 && n != width {
			t.Errorf("a line of %d, not %d: %s", n, width, line)
		} else {
			width = n
		}
	}
	if lines != 2+len(r.Figures) {
		t.Errorf("%d lines for %d figures", lines, len(r.Figures))
	}
}
