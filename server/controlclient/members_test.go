package controlclient_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"oalab/server/controlclient"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// nodes are nodes with these weights, called n0, n1 and so on.
func nodes(weights ...float64) controlclient.Members {
	m := controlclient.Members{Version: 1}
	for i, w := range weights {
		m.Nodes = append(m.Nodes, controlclient.Member{Name: fmt.Sprintf("n%d", i), Address: fmt.Sprintf("http://127.0.0.1:%d", i+1), Weight: w})
	}
	return m
}

const placed = 20_000

// homes are the nodes that have the accounts.
func homes(m controlclient.Members) []string {
	out := make([]string, placed)
	for i := range out {
		out[i] = m.Order(fmt.Sprintf("account-%d", i))[0].Name
	}
	return out
}

// TestPlacementFollowsWeights: a node has its share of the accounts, and is the standby of the
// accounts of others by the same shares (CTL-5).
func TestPlacementFollowsWeights(t *testing.T) {
	t.Parallel()
	m := nodes(1, 0, 2, 4) // 0 means 1
	weights := map[string]float64{"n0": 1, "n1": 1, "n2": 2, "n3": 4}
	first, second := map[string]float64{}, map[string]float64{}
	for i := range placed {
		order := m.Order(fmt.Sprintf("account-%d", i))
		if len(order) != 4 {
			t.Fatalf("%d nodes", len(order))
		}
		first[order[0].Name]++
		if order[0].Name == "n3" {
			second[order[1].Name]++
		}
	}
	for name, weight := range weights {
		if got, want := first[name]/placed, weight/8; math.Abs(got-want) > 0.02 {
			t.Errorf("%s has %.3f of the accounts, want %.3f", name, got, want)
		}
		if name == "n3" {
			continue
		}
		if got, want := second[name]/first["n3"], weight/4; math.Abs(got-want) > 0.03 {
			t.Errorf("%s is the standby of %.3f of n3's accounts, want %.3f", name, got, want)
		}
	}
}

// TestAddingANodeMovesOnlyItsShare: an account stays or goes to the new node; and when a node
// leaves, its accounts go to their standbys and the others stay.
func TestAddingANodeMovesOnlyItsShare(t *testing.T) {
	t.Parallel()
	four, five := nodes(1, 1, 1, 1), nodes(1, 1, 1, 1, 1)
	slices.Reverse(five.Nodes) // the order of the list is no matter
	before, after := homes(four), homes(five)
	moved := 0
	for i := range before {
		switch {
		case before[i] == after[i]:
		case after[i] == "n4":
			moved++
			if standby := five.Order(fmt.Sprintf("account-%d", i))[1].Name; standby != before[i] {
				t.Fatalf("account %d went to n4 from %s, and its standby is %s", i, before[i], standby)
			}
		default:
			t.Fatalf("account %d went from %s to %s", i, before[i], after[i])
		}
	}
	if share := float64(moved) / placed; math.Abs(share-0.2) > 0.02 {
		t.Errorf("%.3f of the accounts moved, want a fifth", share)
	}
}

// TestHas: an account belongs to two nodes, and to every node while there is no list.
func TestHas(t *testing.T) {
	t.Parallel()
	m := nodes(1, 1, 1, 1)
	have := 0
	for _, n := range m.Nodes {
		if m.Has(n.Name, "demo") {
			have++
		}
	}
	if have != 2 || !nodes().Has("any", "demo") || !nodes(1).Has("n0", "demo") || nodes(1).Has("n1", "demo") {
		t.Errorf("%d nodes have the account", have)
	}
}

// TestCheckMembers: each fault of a list is named.
func TestCheckMembers(t *testing.T) {
	t.Parallel()
	if err := nodes(1, 2).Check(); err != nil {
		t.Error(err)
	}
	bad := controlclient.Members{Nodes: []controlclient.Member{
		{Address: "http://a"}, {Name: "a", Address: "a:1"}, {Name: "a", Address: "http://a"}, {Name: "b", Address: "https://b", Weight: -1},
	}}
	err := bad.Check()
	for _, want := range []string{"node 1: name", "node a: the address", "node 3: name", "node b: the weight", "the version"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v lacks %q", err, want)
		}
	}
}

// FuzzOrder: each account has all nodes in one order, with any name.
func FuzzOrder(f *testing.F) {
	f.Add("demo", 1.0)
	f.Add("\x00", 1e300)
	f.Add("", 1e-300)
	f.Fuzz(func(t *testing.T, account string, weight float64) {
		m := nodes(1, weight, 2)
		if m.Check() != nil {
			return
		}
		order := m.Order(account)
		if again := m.Order(account); len(order) != 3 || !slices.Equal(order, again) {
			t.Errorf("%v, then %v", order, again)
		}
	})
}

// BenchmarkOrder is what a placement among ten nodes costs.
func BenchmarkOrder(b *testing.B) {
	m := nodes(1, 1, 1, 1, 1, 1, 1, 1, 1, 1)
	for b.Loop() {
		m.Order("account-4711")
	}
}
