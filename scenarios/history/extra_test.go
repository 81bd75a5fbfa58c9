package history_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"oalab/internal/jsonl"
	"oalab/scenarios/history"
)

// TestExtra: what an instrument writes is sealed with the arm and comes back as it was. An arm
// without it has none, and a torn file is an error of the whole arm.
func TestExtra(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	f, err := history.CreateFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	writeArm(t, f, "main", true, 3)
	writeArm(t, f, "control", false, 3)
	out, err := f.Arm("measured", false)
	if err != nil {
		t.Fatal(err)
	}
	want := []history.NetworkBatch{{Mode: history.NetworkStream, Size: 4, Messages: 2, Received: 8, Seconds: 0.5}, {Size: 16}}
	if err := history.NetworkEvidence.Write(out, want); err != nil {
		t.Fatal(err)
	}
	if err := history.NetworkEvidence.Write(out, want); err == nil {
		t.Error("the evidence was written twice")
	}
	evidence, err := f.Seal()
	if err != nil {
		t.Fatal(err)
	}
	sealed := false
	for _, e := range evidence {
		sealed = sealed || e.Path == "arms/measured/ledgers/network.jsonl" && e.Lines == 2
	}
	if !sealed {
		t.Errorf("the evidence is not sealed with its 2 lines: %+v", evidence)
	}

	// The other files of an arm come from one that is whole.
	ledgers := filepath.Join(dir, "ledgers")
	raw, err := os.ReadFile(filepath.Join(dir, "arms", "measured", filepath.FromSlash(history.NetworkEvidence.File())))
	if err != nil {
		t.Fatal(err)
	}
	put := func(name string, raw []byte) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(ledgers, name), raw, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put("network.jsonl", raw)
	put("of-a-newer-version.jsonl", []byte("{}\n"))
	a, err := history.LoadArm(dir, "main", true)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, history.NetworkEvidence.Of(a)); diff != "" {
		t.Errorf("evidence (-want +got):\n%s", diff)
	}
	if rows := history.ClickEvidence.Of(a); rows != nil {
		t.Errorf("the arm has clicks %v, want none", rows)
	}
	history.NetworkEvidence.Set(a, nil)
	if rows := history.NetworkEvidence.Of(a); rows != nil {
		t.Errorf("the evidence is %v after it was taken away", rows)
	}

	put("network.jsonl", raw[:len(raw)-2])
	if _, err := history.LoadArm(dir, "main", true); !errors.Is(err, jsonl.ErrTorn) {
		t.Errorf("LoadArm of a torn file: %v, want ErrTorn", err)
	}
	put("network.jsonl", []byte(`{"size":"large"}`+"\n"))
	if _, err := history.LoadArm(dir, "main", true); err == nil || !strings.Contains(err.Error(), "network.jsonl") {
		t.Errorf("LoadArm of another kind of rows: %v, want an error that names the file", err)
	}
}
