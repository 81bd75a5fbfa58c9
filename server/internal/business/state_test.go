package business

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestStateMachine(t *testing.T) {
	allowed := map[State]string{
		StateAccepted: "sent failed",
		StateQueued:   "sent failed",
		StateSent:     "queued unknown done failed",
		StateUnknown:  "unknown sent done failed",
		StateDone:     "",
		StateFailed:   "",
	}
	if len(allowed) != len(States()) {
		t.Fatalf("%d states are tested of %d", len(allowed), len(States()))
	}
	for _, from := range States() {
		for _, to := range States() {
			want := slices.Contains(strings.Fields(allowed[from]), string(to))
			if got := Move(from, to) == nil; got != want {
				t.Errorf("%s to %s: allowed %t, want %t", from, to, got, want)
			}
		}
		if from.Finished() == slices.Contains(Unfinished(), from) {
			t.Errorf("%s is both finished and unfinished, or neither", from)
		}
		if !from.Finished() {
			if err := Move(from, from.Claimed()); err != nil && from != StateSent {
				t.Errorf("a claim: %v", err)
			}
		}
	}
}

func TestClaimed(t *testing.T) {
	for from, want := range map[State]State{
		StateAccepted: StateSent, StateQueued: StateSent, StateSent: StateUnknown, StateUnknown: StateUnknown,
	} {
		if got := from.Claimed(); got != want {
			t.Errorf("a claim of %s makes it %s, want %s", from, got, want)
		}
	}
}

func TestSerial(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	seen := map[string]bool{}
	for range 10_000 {
		s := NewSerial(now)
		if len(s) != serialLength || strings.Trim(s, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" || seen[s] {
			t.Fatalf("serial %q", s)
		}
		seen[s] = true
	}
	if a, b := NewSerial(now), NewSerial(now.Add(time.Second)); a >= b {
		t.Errorf("serials do not grow with time: %s, %s", a, b)
	}
}

func TestCatalogue(t *testing.T) {
	query := Code{Account: "a", Code: "1.3", Sort: SortQuery, Name: "n", Operation: "QueryUsage", Commands: []string{" CX "}}
	order := Code{Account: "a", Code: "2.1", Sort: SortOrder, Name: "n", Product: "P", MenuKey: "O"}
	c, err := newCatalogue([]Code{query, order})
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{"CX": "1.3", "O": "2.1", " O\n": "2.1", "cx": "", "": "", "CXX": ""} {
		if got, _ := c.find("a", text); got.Code != want {
			t.Errorf("%q finds %q, want %q", text, got.Code, want)
		}
	}
	if _, ok := c.find("b", "CX"); ok {
		t.Error("another account finds it")
	}
	twice := order
	twice.Code, twice.MenuKey = "2.2", "CX"
	bad := map[string][]Code{
		"two codes for one command": {query, twice},
		"no account":                {{Code: "1", Sort: SortOrder, Name: "n", Product: "P", MenuKey: "O"}},
		"unknown kind":              {{Account: "a", Code: "1", Sort: "gift", Name: "n", MenuKey: "O"}},
		"unknown operation":         {{Account: "a", Code: "1", Sort: SortQuery, Name: "n", MenuKey: "O", Operation: "Guess"}},
		"order of nothing":          {{Account: "a", Code: "1", Sort: SortOrder, Name: "n", MenuKey: "O"}},
		"nothing asks for it":       {{Account: "a", Code: "1", Sort: SortOrder, Name: "n", Product: "P"}},
	}
	for name, codes := range bad {
		if _, err := newCatalogue(codes); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
