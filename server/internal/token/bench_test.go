package token_test

import (
	"log/slog"
	"testing"

	"oalab/server/internal/token"
)

// BenchmarkHotRead reads tokens that are in memory.
func BenchmarkHotRead(b *testing.B) {
	k, err := token.New(token.Config{Find: every}, made{}, &seenCache{}, &crowd{}, slog.New(slog.DiscardHandler), nil)
	if err != nil {
		b.Fatal(err)
	}
	defer k.Close()
	names := make([]string, 4096)
	for i := range names {
		names[i] = name(i)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := k.Token(b.Context(), names[i%len(names)]); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkMemoryOfAnAccount is what 100 000 accounts cost (PERF-3).
func BenchmarkMemoryOfAnAccount(b *testing.B) {
	const accounts = 100_000
	for b.Loop() {
		each := bytesEach(b, accounts)
		b.ReportMetric(each, "B/account")
		b.ReportMetric(each*accounts/1e6, "MB/100000")
	}
}
