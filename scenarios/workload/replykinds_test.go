package workload_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"oalab/scenarios/history"
	"oalab/scenarios/workload"
)

// TestWishes: replies of every kind are asked for as often, each by a word that has several
// answers of that kind alone and that no other keyword meets.
func TestWishes(t *testing.T) {
	f := seed(t, workload.Population{Seed: 1, Size: 1})
	kindOf := map[string]string{}
	for _, k := range f.Keywords {
		if len(k.Replies) == 1 || len(k.Replies) > 0 && len(k.Answers) > 0 {
			t.Errorf("keyword %s leaves no choice, or one among kinds: %+v", k.Keyword, k)
		}
		for _, r := range k.Replies {
			if kindOf[k.Keyword] != "" && kindOf[k.Keyword] != r.Kind {
				t.Errorf("keyword %s has replies of two kinds", k.Keyword)
			}
			kindOf[k.Keyword] = r.Kind
		}
	}
	ops := plan(t, 7, workload.Mix{Wish: 1}, 500, constant(t, 800, 10*time.Second))
	count := map[string]int{}
	for _, op := range ops {
		count[op.Reply]++
		met := 0
		for _, k := range f.Keywords {
			switch {
			case k.Match == "equal" && op.Text == k.Keyword:
				met++
				want := kindOf[k.Keyword]
				if len(k.Answers) > 1 {
					want = history.ReplyText
				}
				if want != op.Reply {
					t.Fatalf("%+v asks for a reply of kind %q", op, want)
				}
			case k.Match != "equal" && op.Text != "" && (strings.Contains(op.Text, k.Keyword) || strings.Contains(k.Keyword, op.Text)):
				t.Fatalf("%+v meets %s, too", op, k.Keyword)
			}
		}
		if none := op.Reply == history.ReplyNone; none != (met == 0) || none != (op.Kind == history.KindEvent && op.Event == workload.EventView && op.MsgID == "") {
			t.Fatalf("%+v meets %d keywords", op, met)
		}
	}
	for _, kind := range history.ReplyKinds() {
		if share := float64(count[kind]) / float64(len(ops)); math.Abs(share-1.0/8) > 0.02 {
			t.Errorf("%.3f of the messages ask for a reply of kind %s", share, kind)
		}
	}
	if len(count) != len(history.ReplyKinds()) {
		t.Errorf("kinds %v", count)
	}
}
