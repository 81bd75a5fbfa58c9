//go:build defects

package token_test

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"oalab/server/internal/cache"
	"oalab/server/internal/defect"
	"oalab/server/internal/token"
)

// planted runs keepers with a defect.
func (w *world) planted(name string, change func(*token.Config)) *token.Planted {
	w.t.Helper()
	client, err := cache.New(cache.Config{}, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	cfg := token.Config{Accounts: []token.Account{{Name: account, Lifetime: w.platform.lifetime}}}
	change(&cfg)
	p, err := token.NewPlanted(defect.Set{name}, cfg, w.open(), cache.NewTokens(client), w.platform, slog.New(slog.DiscardHandler), nil)
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(w.t.Context())
	done := make(chan struct{})
	go func() { defer close(done); _ = p.Run(ctx) }()
	w.t.Cleanup(func() {
		cancel()
		<-done
		p.Close()
		if err := client.Close(); err != nil {
			w.t.Error(err)
		}
	})
	return p
}

func TestDefects(t *testing.T) {
	t.Parallel()
	t.Run(token.DefectDeadTokenKept, func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, 2*time.Second)
		p := w.planted(token.DefectDeadTokenKept, func(*token.Config) {})
		token, err := p.Token(t.Context(), account)
		if err != nil {
			t.Fatal(err)
		}
		w.platform.set(func() { w.platform.err = errAway })
		p.Report(account, token)
		<-time.After(2100 * time.Millisecond) // until the real keeper gives nothing out
		if got, err := p.Token(t.Context(), account); err != nil || got != token {
			t.Errorf("got %q, %v, want the dead %q", got, err, token)
		}
	})
	t.Run(token.DefectDoubleRefresh, func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, 2*time.Second)
		w.platform.slow = 300 * time.Millisecond
		w.planted(token.DefectDoubleRefresh, replace)
		until(t, "two calls at once", func() bool { _, _, most := w.platform.set(nil); return most == 2 })
	})
}

// TestDefectsOnTwoNodes: the checker of tokens finds each defect under its fault, and says nothing
// without the fault (CTL-6).
func TestDefectsOnTwoNodes(t *testing.T) {
	t.Parallel()
	for _, d := range []struct{ defect, fault, finds string }{
		{token.DefectRedisBeforeCommit, "killed between the platform's answer and the commit, the database away", "dead token"},
		{token.DefectDoubleRefresh, "the platform slow", "issued twice"},
	} {
		t.Run(d.defect, func(t *testing.T) {
			t.Parallel()
			planted := func(cfg token.Config, m *mortal) reader {
				k, err := token.NewPlanted(defect.Set{d.defect}, cfg, m, m, m.platform, slog.New(slog.DiscardHandler), nil)
				if err != nil {
					t.Fatal(err)
				}
				return k
			}
			moments := [2]float64{1, 0.985} // two seconds apart
			if faults := play(t, d.fault, true, moments, planted); !slices.ContainsFunc(faults, func(f string) bool { return strings.HasPrefix(f, d.finds) }) {
				t.Errorf("under its fault: %q, want one that begins with %q", faults, d.finds)
			}
			if faults := play(t, "nothing", true, moments, planted); len(faults) > 0 {
				t.Errorf("without the fault: %q", faults)
			}
		})
	}
}
