package topology

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"oalab/scenarios/attack"
	"oalab/scenarios/history"
)

// TestLoadFromTheNetwork: load comes from a container of the network, over the virtual
// IP, and its results come back (CLI-1).
func TestLoadFromTheNetwork(t *testing.T) {
	var seen atomic.Int64
	d := startPair(t, Layout{Generator: true}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen.Add(1)
		success(w, r)
	}), nil)
	out := t.TempDir()
	r, err := d.Attack(t.Context(), out, d.entry()+"/page", "--rate", "100", "--for", "2s")
	must(t, err)
	s := summary(t, out)
	want := 0
	if s.Generator.Bound != "" { // a machine that is busy
		want = inconclusive
	}
	if r.Code != want {
		t.Errorf("status %d, want %d: %s", r.Code, want, r.Output)
	}
	if s.Started != 200 || s.Failed != 0 || s.Statuses["200"] != 200 || seen.Load() != 200 {
		t.Errorf("%d seen, summary %+v; want 200 answers of 200", seen.Load(), s)
	}
	if ops, err := history.ReadOperations(filepath.Join(out, attack.FileResults), "attack", s.Base); err != nil || len(ops) != 200 {
		t.Errorf("%d results, %v; want 200", len(ops), err)
	}

	t.Run("interrupted", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		running := seen.Load() + 10
		go func() { // the load is interrupted once it runs
			defer cancel()
			for ctx.Err() == nil && seen.Load() < running {
				time.Sleep(10 * time.Millisecond)
			}
		}()
		out := t.TempDir()
		r, err := d.Attack(ctx, out, d.entry()+"/page", "--rate", "50", "--for", "10m")
		must(t, err)
		if s := summary(t, out); r.Code != interrupted || !s.Interrupted || s.Started == 0 || s.Failed != 0 {
			t.Errorf("status %d, summary %+v; want some answers, interrupted", r.Code, s)
		}
	})
	t.Run("a target outside", func(t *testing.T) {
		r, err := d.Attack(t.Context(), t.TempDir(), "http://192.0.2.1/")
		if err == nil || !strings.Contains(r.Output, "may not be loaded") || r.Code != 1 {
			t.Errorf("%+v, %v; want a refusal", r, err)
		}
	})
}

// Exit statuses of oalab (docs/command-line.md).
const (
	inconclusive = 98
	interrupted  = 130
)

func summary(t *testing.T, out string) attack.Summary {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(out, attack.FileSummary))
	must(t, err)
	var s attack.Summary
	must(t, json.Unmarshal(text, &s))
	return s
}
