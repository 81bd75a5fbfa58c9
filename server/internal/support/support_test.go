package support_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"oalab/server/internal/support"
)

func TestHits(t *testing.T) {
	t.Parallel()
	table := support.NewTable([]support.Entry{
		{Keyword: "资费", Match: support.MatchEqual, Answers: []string{"e"}},
		{Keyword: "流量", Match: support.MatchMessageContains, Answers: []string{"m"}},
		{Keyword: "流量包", Match: support.MatchMessageContains, Answers: []string{"m"}},
		{Keyword: "量", Match: support.MatchMessageContains, Answers: []string{"m"}},
		{Keyword: "流量查询", Match: support.MatchKeywordContains, Answers: []string{"k"}},
		{Keyword: "WLAN", Match: support.MatchMessageContains, Answers: []string{"w"}},
		{Keyword: "隐藏", Match: support.MatchEqual, Answers: []string{"h"}, Hidden: true},
		{Keyword: "无答", Match: support.MatchEqual, Answers: []string{""}},
		{Keyword: " ", Match: support.MatchMessageContains, Answers: []string{"x"}},
		{Keyword: "怪", Match: "regexp", Answers: []string{"x"}},
		{Keyword: "aaa", Match: support.MatchKeywordContains, Answers: []string{"a"}},
	})
	if table.Len() != 7 {
		t.Errorf("Len = %d, want 7", table.Len())
	}
	tests := []struct {
		message string
		want    int
	}{
		{"资费", 1},
		{" 资费 \n", 1},
		{"资费表", 0},
		{"流量", 3},    // two keywords inside it, one around it
		{"我要流量包", 3}, // 流量, 流量包, 量
		{"查询", 1},
		{"我的wlan慢", 1},
		{"Wlan", 1},
		{"隐藏", 0},
		{"无答", 0},
		{"怪", 0},
		{"", 0},
		{"   ", 0},
		{"a", 1}, // twice in one keyword, one hit
		{"\xe6", 0},
	}
	for _, test := range tests {
		if got := table.Hits(test.message); len(got) != test.want {
			t.Errorf("Hits(%q) = %v, want %d of them", test.message, got, test.want)
		}
	}
}

// TestHitsAgainstPlainSearch compares the indexes with the definition on random
// tables over a small alphabet, where keywords overlap in every way.
func TestHitsAgainstPlainSearch(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(7, 11))
	letters := []rune("ab流量")
	word := func(limit int) string {
		n := 1 + random.IntN(limit)
		w := make([]rune, n)
		for i := range w {
			w[i] = letters[random.IntN(len(letters))]
		}
		return string(w)
	}
	matches := []support.Match{support.MatchEqual, support.MatchMessageContains, support.MatchKeywordContains}
	for range 300 {
		var entries []support.Entry
		for range random.IntN(30) {
			entries = append(entries, support.Entry{Keyword: word(5), Match: matches[random.IntN(3)], Answers: []string{"x"}})
		}
		table := support.NewTable(entries)
		for range 20 {
			message := word(8)
			want := 0
			for _, e := range entries {
				switch e.Match {
				case support.MatchEqual:
					want += count(message == e.Keyword)
				case support.MatchMessageContains:
					want += count(strings.Contains(message, e.Keyword))
				case support.MatchKeywordContains:
					want += count(strings.Contains(e.Keyword, message))
				}
			}
			if got := table.Hits(message); len(got) != want {
				t.Fatalf("message %q hits %v, want %d, in %+v", message, got, want, entries)
			}
		}
	}
}

func count(b bool) int {
	if b {
		return 1
	}
	return 0
}

func TestAnswerIsAFunctionOfTheMessage(t *testing.T) {
	t.Parallel()
	entries := []support.Entry{
		{Keyword: "流量", Match: support.MatchMessageContains, Answers: []string{"a", "b", "c"}},
		{Keyword: "量", Match: support.MatchMessageContains, Answers: []string{"d"}},
		{Keyword: "查流量", Match: support.MatchEqual, Answers: []string{"e", "f"}},
	}
	forward := support.NewTable(entries)
	backward := support.NewTable([]support.Entry{entries[2], entries[1], entries[0]})
	seen := make(map[string]int)
	for i := range 6000 {
		key := fmt.Sprintf("60747465576282%05d", i)
		one, ok := forward.Answer("查流量", key)
		other, _ := backward.Answer("查流量", key)
		if !ok || one.Show != other.Show {
			t.Fatalf("message %s: %q by one server, %q by another", key, one.Show, other.Show)
		}
		seen[words(one, ok)]++
	}
	// Three keywords in equal shares, then their answers in equal shares.
	for answer, want := range map[string]int{"a": 667, "b": 667, "c": 667, "d": 2000, "e": 1000, "f": 1000} {
		if got := seen[answer]; got < want*8/10 || got > want*12/10 {
			t.Errorf("answer %s was chosen %d times, want about %d", answer, got, want)
		}
	}
}

type memoryStore struct {
	mu      sync.Mutex
	entries map[string][]support.Entry
	err     error
}

func (m *memoryStore) ListKeywords(_ context.Context, account string) (support.Keywords, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return support.Keywords{Entries: m.entries[account]}, m.err
}

func (m *memoryStore) set(account, answer string, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.entries[account] = []support.Entry{{Keyword: "k", Match: support.MatchEqual, Answers: []string{answer}}}
	m.err = err
}

func TestReloadSwapsAllOrNothing(t *testing.T) {
	t.Parallel()
	store := &memoryStore{entries: map[string][]support.Entry{}}
	store.set("a", "old", nil)
	s := support.New(store, nil, []string{"a", "b"}, slog.New(slog.DiscardHandler))
	type answer struct {
		Text string
		OK   bool
	}
	ask := func(account string) answer {
		show, ok := s.Answer(account, "k", "1", time.Now())
		return answer{words(show, ok), ok}
	}
	if got := ask("a"); got.OK {
		t.Errorf("before the first load: %+v", got)
	}
	if err := s.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(answer{"old", true}, ask("a")); diff != "" {
		t.Error(diff)
	}
	if ask("b").OK || ask("unknown").OK {
		t.Error("accounts share answers")
	}
	broken := errors.New("database is away")
	store.set("a", "new", broken)
	if err := s.Reload(t.Context()); !errors.Is(err, broken) {
		t.Errorf("Reload = %v, want the store's error", err)
	}
	if got := ask("a"); got.Text != "old" {
		t.Errorf("after a failed load: %+v", got)
	}
	store.set("a", "new", nil)
	if err := s.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := ask("a"); got.Text != "new" {
		t.Errorf("after a load: %+v", got)
	}
}

// bigTable has n keywords of 2 to 6 Chinese characters, a third of each match.
func bigTable(n int) *support.Table {
	random := rand.New(rand.NewPCG(1, 2))
	matches := []support.Match{support.MatchEqual, support.MatchMessageContains, support.MatchKeywordContains}
	entries := make([]support.Entry, 0, n)
	for i := range n {
		word := make([]rune, 2+random.IntN(5))
		for j := range word {
			word[j] = rune(0x4e00 + random.IntN(3000))
		}
		entries = append(entries, support.Entry{Keyword: string(word), Match: matches[i%3], Answers: []string{"一", "二"}})
	}
	entries = append(entries, support.Entry{Keyword: "流量", Match: support.MatchMessageContains, Answers: []string{"一", "二"}})
	return support.NewTable(entries)
}

func BenchmarkAnswer10000Keywords(b *testing.B) {
	table := bigTable(10_000)
	for name, message := range map[string]string{
		"short hit": "流量",
		"sentence":  "你好，请问我这个月的流量还剩下多少，什么时候到期",
		"no hit":    "hello",
		"2000bytes": strings.Repeat("我想问一下资费", 95),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				table.Answer(message, "6074746557628292943")
			}
		})
	}
}

func BenchmarkBuild10000Keywords(b *testing.B) {
	for b.Loop() {
		bigTable(10_000)
	}
}
