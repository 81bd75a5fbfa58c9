package workload_test

import (
	"bytes"
	"errors"
	"math"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	"oalab/mockwechat"
	"oalab/scenarios/history"
	"oalab/scenarios/load/profile"
	"oalab/scenarios/workload"
)

var smoke = workload.Mix{Text: 0.60, Query: 0.25, Order: 0.10, Event: 0.05}

func constant(t testing.TB, perS float64, length time.Duration) profile.Profile {
	t.Helper()
	p, err := profile.Constant(perS, length)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func plan(t testing.TB, seed uint64, mix workload.Mix, followers int, p profile.Profile) []history.PlannedOp {
	t.Helper()
	ops, err := workload.Plan(seed, mix, workload.Population{Seed: seed, Size: followers}, p)
	if err != nil {
		t.Fatal(err)
	}
	return ops
}

// seedFile is what the server's seed command reads, strictly.
type seedFile struct {
	Account  string `yaml:"account"`
	Keywords []struct {
		Keyword string   `yaml:"keyword"`
		Match   string   `yaml:"match"`
		Answers []string `yaml:"answers"`
		Replies []struct {
			Kind         string `yaml:"kind"`
			MediaID      string `yaml:"media_id"`
			ThumbMediaID string `yaml:"thumb_media_id"`
			Title        string `yaml:"title"`
			Description  string `yaml:"description"`
			URL          string `yaml:"url"`
			Agent        string `yaml:"agent"`
		} `yaml:"replies"`
	} `yaml:"keywords"`
	Business []struct {
		Code      string   `yaml:"code"`
		Kind      string   `yaml:"kind"`
		Name      string   `yaml:"name"`
		Commands  []string `yaml:"commands"`
		MenuKey   string   `yaml:"menu_key"`
		Operation string   `yaml:"operation"`
		Product   string   `yaml:"product"`
	} `yaml:"business"`
	BindingsCSV string `yaml:"bindings_csv"`
}

func seed(t *testing.T, pop workload.Population) seedFile {
	t.Helper()
	var buf bytes.Buffer
	if err := pop.WriteSeed(&buf); err != nil {
		t.Fatal(err)
	}
	var f seedFile
	if err := yaml.UnmarshalWithOptions(buf.Bytes(), &f, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	return f
}

func TestPopulation(t *testing.T) {
	pop := workload.Population{Seed: 7, Size: 20_000}
	openID, phone := regexp.MustCompile(`^o[A-Za-z0-9_-]{27}$`), regexp.MustCompile(`^1\d{10}$`)
	ids, phones := map[string]bool{}, map[string]bool{}
	for i, id := range pop.OpenIDs() {
		if !openID.MatchString(id) || !phone.MatchString(pop.Phone(i)) || id != pop.OpenID(i) {
			t.Fatalf("follower %d: %q, %q", i, id, pop.Phone(i))
		}
		ids[id], phones[pop.Phone(i)] = true, true
	}
	if len(ids) != pop.Size || len(phones) != pop.Size {
		t.Errorf("%d openids and %d phones for %d followers", len(ids), len(phones), pop.Size)
	}
	if other := (workload.Population{Seed: 8, Size: 1}); other.OpenID(0) == pop.OpenID(0) || other.Phone(0) == pop.Phone(0) {
		t.Error("another seed gives the same followers")
	}
}

func TestPlanKeepsItsPromises(t *testing.T) {
	const followers = 2000
	ramp, err := profile.Ramp(100, 320, 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	p, err := profile.Sequence(ramp, constant(t, 320, 40*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	ops := plan(t, 7, smoke, followers, p)
	if uint64(len(ops)) != profile.Count(p) {
		t.Fatalf("%d operations for %d arrivals", len(ops), profile.Count(p))
	}
	pop := workload.Population{Seed: 7, Size: followers}
	phones := map[string]string{}
	for i, id := range pop.OpenIDs() {
		phones[id] = pop.Phone(i)
	}
	f := seed(t, pop)
	kind, byCommand, menu := map[string]string{}, map[string]string{}, map[string]bool{}
	for _, b := range f.Business {
		kind[b.Code] = b.Kind
		for _, c := range b.Commands {
			byCommand[c] = b.Code
		}
		menu[b.MenuKey] = b.Kind == "query"
	}
	count := map[string]int{}
	msgIDs, pairs := map[string]bool{}, map[string]bool{}
	lastOrder, lastEvent := map[string]float64{}, map[string]float64{}
	for i, op := range ops {
		count[op.Kind]++
		if due, _ := p.At(uint64(i)); op.Seq != uint64(i) || op.DueS != due.Seconds() {
			t.Fatalf("operation %d: %+v, due at %v", i, op, due)
		}
		if phones[op.OpenID] == "" || op.Phone != "" && op.Phone != phones[op.OpenID] {
			t.Fatalf("operation %d is of no follower: %+v", i, op)
		}
		if op.Kind != history.KindEvent {
			if msgIDs[op.MsgID] || len(op.MsgID) != 19 {
				t.Fatalf("message id %q of operation %d is not its own", op.MsgID, i)
			}
			msgIDs[op.MsgID] = true
		}
		switch op.Kind {
		case history.KindText:
			if byCommand[op.Text] != "" || op.Text == "" || op.Code != "" {
				t.Fatalf("text %+v is a command", op)
			}
		case history.KindQuery:
			if byCommand[op.Text] != op.Code || kind[op.Code] != "query" {
				t.Fatalf("query %+v", op)
			}
		case history.KindOrder:
			if byCommand[op.Text] != op.Code || kind[op.Code] != "order" || op.Phone == "" {
				t.Fatalf("order %+v", op)
			}
			if pair := op.Phone + " " + op.Code; pairs[pair] {
				t.Fatalf("order %+v has the pair of another", op)
			} else {
				pairs[pair] = true
			}
			if last, ok := lastOrder[op.OpenID]; ok && op.DueS-last < 40 {
				t.Fatalf("follower %s orders again after %g s", op.OpenID, op.DueS-last)
			}
			lastOrder[op.OpenID] = op.DueS
		case history.KindEvent:
			if last, ok := lastEvent[op.OpenID]; ok && op.DueS-last < 2 {
				t.Fatalf("events of follower %s could be one", op.OpenID)
			}
			lastEvent[op.OpenID] = op.DueS
			if click := op.Event == workload.EventClick; click != menu[op.Key] || !click && op.Event != workload.EventSubscribe {
				t.Fatalf("event %+v: want a click on a query, or a subscription", op)
			}
		default:
			t.Fatalf("kind of %+v", op)
		}
	}
	for k, want := range map[string]float64{history.KindText: 0.6, history.KindQuery: 0.25, history.KindOrder: 0.1, history.KindEvent: 0.05} {
		if got := float64(count[k]) / float64(len(ops)); math.Abs(got-want) > 0.02 {
			t.Errorf("share of %s: %.3f, want %.2f", k, got, want)
		}
	}
}

func TestPlanIsAFunctionOfTheSeed(t *testing.T) {
	p := constant(t, 300, 5*time.Second)
	hash := func(seed uint64) string {
		return history.PlanHash([]history.PlannedArm{{Arm: "main", Ops: plan(t, seed, smoke, 500, p)}})
	}
	if first, again := hash(7), hash(7); first != again {
		t.Error("the same seed gives two plans")
	}
	if hash(7) == hash(8) {
		t.Error("two seeds give the same plan")
	}
}

func TestTextsHitTheKeywordTable(t *testing.T) {
	f := seed(t, workload.Population{Seed: 1, Size: 1})
	kinds := map[string]int{}
	for _, k := range f.Keywords {
		kinds[k.Match]++
		if len(k.Answers)+len(k.Replies) == 0 || k.Keyword == "" {
			t.Errorf("keyword %+v", k)
		}
		for _, a := range k.Answers {
			if strings.Contains(a, "流水号") {
				t.Errorf("answer %q looks like the acknowledgement of an order", a)
			}
		}
	}
	if len(f.Keywords) < 200 || len(kinds) != 3 || kinds["equal"] < 50 || kinds["message_contains"] < 50 || kinds["keyword_contains"] < 50 {
		t.Errorf("%d keywords: %v", len(f.Keywords), kinds)
	}
	// The rules again, in the simplest words.
	by := map[string]int{}
	ops := plan(t, 3, workload.Mix{Text: 1}, 10, constant(t, 1000, 5*time.Second))
	for _, op := range ops {
		hit := ""
		for _, k := range f.Keywords {
			if k.Match == "equal" && op.Text == k.Keyword ||
				k.Match == "message_contains" && strings.Contains(op.Text, k.Keyword) ||
				k.Match == "keyword_contains" && strings.Contains(k.Keyword, op.Text) {
				hit = k.Match
			}
		}
		by[hit]++
	}
	total := float64(len(ops))
	if share := 1 - float64(by[""])/total; math.Abs(share-0.8) > 0.02 {
		t.Errorf("%.3f of the texts hit a keyword, want 0.8", share)
	}
	for _, m := range []string{"equal", "message_contains", "keyword_contains"} {
		if share := float64(by[m]) / total; share < 0.2 {
			t.Errorf("%.3f of the texts hit by %s", share, m)
		}
	}
}

func TestSeedFile(t *testing.T) {
	pop := workload.Population{Seed: 5, Size: 50}
	f := seed(t, pop)
	var want strings.Builder
	for i, id := range pop.OpenIDs() {
		want.WriteString(id + "," + pop.Phone(i) + "\n")
	}
	if d := cmp.Diff(want.String(), f.BindingsCSV); d != "" {
		t.Errorf("bindings (-want +got):\n%s", d)
	}
	codes, commands, orders := map[string]bool{}, map[string]bool{}, 0
	for _, b := range f.Business {
		if codes[b.Code] || b.Name == "" || b.MenuKey == "" || len(b.Commands) == 0 {
			t.Errorf("business %+v", b)
		}
		codes[b.Code] = true
		for _, c := range b.Commands {
			if commands[strings.ToLower(c)] {
				t.Errorf("command %q stands for two things", c)
			}
			commands[strings.ToLower(c)] = true
		}
		switch b.Kind {
		case "order":
			orders++
			if b.Product != b.Code || b.Operation != "" {
				t.Errorf("order %+v: the carrier's product must be the code, by which its ledger is read", b)
			}
		case "query":
			if b.Operation != "QueryUsage" || b.Product != "" {
				t.Errorf("query %+v", b)
			}
		}
	}
	if orders != 20 || len(f.Business) != 26 {
		t.Errorf("%d orders of %d codes, want 20 of 26", orders, len(f.Business))
	}
}

var errFull = errors.New("full")

type fullWriter struct{}

func (fullWriter) Write([]byte) (int, error) { return 0, errFull }

func TestErrors(t *testing.T) {
	p := constant(t, 100, time.Second)
	pop := workload.Population{Seed: 1, Size: 4}
	for name, tc := range map[string]struct {
		mix  workload.Mix
		pop  workload.Population
		p    profile.Profile
		says string
	}{
		"empty mix":      {workload.Mix{}, pop, p, "empty"},
		"negative share": {workload.Mix{Text: 2, Query: -1}, pop, p, "0 or more"},
		"no number":      {workload.Mix{Text: math.NaN()}, pop, p, "0 or more"},
		"no followers":   {smoke, workload.Population{}, p, "0 followers"},
		"too many":       {smoke, workload.Population{Size: 2e9}, p, "2000000000 followers"},
		"too few for so many orders": {
			workload.Mix{Order: 1},
			pop,
			p,
			"add followers",
		},
		"endless": {smoke, pop, constant(t, 1e6, time.Hour), "more than a run can hold"},
	} {
		if ops, err := workload.Plan(1, tc.mix, tc.pop, tc.p); err == nil || ops != nil || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%s: %d operations, %v, want an error with %q", name, len(ops), err, tc.says)
		}
	}
	if err := pop.WriteSeed(fullWriter{}); !errors.Is(err, errFull) {
		t.Errorf("seed to a full disk: %v", err)
	}
	// Four followers can place 80 orders, each with its own pair.
	if ops := plan(t, 1, workload.Mix{Order: 1}, 4, constant(t, 80, time.Second)); len(ops) != 80 {
		t.Errorf("%d orders of 80", len(ops))
	}
}

func TestSource(t *testing.T) {
	ops := []history.PlannedOp{
		{Seq: 0, Kind: history.KindOrder, OpenID: "o1", MsgID: "9", Text: "KTLL10", Code: "2.1.2", Phone: "1"},
		{Seq: 1, Kind: history.KindEvent, OpenID: "o2", Event: "CLICK", Key: "Q_DATA"},
	}
	want := []mockwechat.Message{
		{Op: "order", OpenID: "o1", MsgID: "9", MsgType: "text", Content: "KTLL10"},
		{Op: "event", OpenID: "o2", MsgType: "event", Event: "CLICK", EventKey: "Q_DATA"},
	}
	source, cycle := workload.Source("main", ops), workload.Cycle(ops)
	for i := range uint64(4) {
		got, err := cycle("calibrate", i)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want[i%2], got); d != "" {
			t.Errorf("cycle %d (-want +got):\n%s", i, d)
		}
		got, err = source("main", i)
		if (err == nil) != (i < 2) {
			t.Errorf("source %d: %v", i, err)
		}
		if i < 2 && !cmp.Equal(got, want[i]) {
			t.Errorf("source %d: %+v", i, got)
		}
	}
	if _, err := source("other", 0); err == nil {
		t.Error("the source served another attack")
	}
	if _, err := workload.Cycle(nil)("x", 0); err == nil {
		t.Error("a cycle through nothing")
	}
}

func BenchmarkPlan(b *testing.B) {
	p := constant(b, 320, 56*time.Second)
	pop := workload.Population{Seed: 1, Size: 10_000}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := workload.Plan(1, smoke, pop, p); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSource(b *testing.B) {
	source := workload.Source("main", plan(b, 1, smoke, 100, constant(b, 100, time.Second)))
	var i uint64
	for b.Loop() {
		if _, err := source("main", i%100); err != nil {
			b.Fatal(err)
		}
		i++
	}
}
