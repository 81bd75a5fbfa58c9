package network

import (
	"context"
	"errors"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"oalab/chaos"
	"oalab/chaos/host"
	"oalab/internal/jsonl"
	"oalab/scenarios/history"
	"oalab/scenarios/instrument"
	"oalab/scenarios/topology"
)

// pair is a system of two hosts, of which the first says what a test wants.
type pair struct {
	topology.System
	says string
	err  error
	ran  []string
}

func (*pair) Lacks(topology.Need) error { return nil }

func (*pair) Host(chaos.Target) host.Controller { return partner{} }

func (p *pair) Tell(_ context.Context, on chaos.Target, command ...string) (string, error) {
	p.ran = append([]string{string(on)}, command...)
	return p.says, p.err
}

type partner struct{ topology.Host }

func (partner) Addr() netip.Addr { return netip.MustParseAddr("198.18.0.152") }

// TestMeasure: the generator measures the way to its partner, and what it says is evidence.
func TestMeasure(t *testing.T) {
	for _, tc := range []struct {
		name string
		sys  pair
		want []history.NetworkBatch
		says string
	}{
		{
			"measured",
			pair{says: `[{"mode":"stream","size":4,"messages":2,"received":8,"seconds":0.5}]`},
			[]history.NetworkBatch{{Mode: history.NetworkStream, Size: 4, Messages: 2, Received: 8, Seconds: 0.5}},
			"",
		},
		{"no batches", pair{says: "connection refused"}, nil, `said "connection refused"`},
		{"a program that fails", pair{err: errors.New("ended with 1")}, nil, "measure the network: ended with 1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f, err := history.CreateFolder(filepath.Join(t.TempDir(), "run"))
			if err != nil {
				t.Fatal(err)
			}
			out, err := f.Arm("main", true)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = out.Close() })
			err = Instrument{Each: 60 * time.Millisecond}.Before(t.Context(), instrument.Arm{System: &tc.sys, Out: out})
			if tc.says != "" {
				if err == nil || !strings.Contains(err.Error(), tc.says) {
					t.Errorf("Before returned %v, want an error with %q", err, tc.says)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			got, err := jsonl.Read[history.NetworkBatch](f.Path(history.NetworkEvidence.File()))
			if diff := cmp.Diff(tc.want, got); diff != "" || err != nil {
				t.Errorf("%v, evidence (-want +got):\n%s", err, diff)
			}
			if diff := cmp.Diff([]string{"generator", "oalab", "pingpong", "198.18.0.152:5151", "--for", "60ms"}, tc.sys.ran); diff != "" {
				t.Errorf("command (-want +got):\n%s", diff)
			}
		})
	}
}
