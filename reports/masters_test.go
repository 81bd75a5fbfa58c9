package reports_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"oalab/internal/jsonl"
	"oalab/scenarios/history"
)

// TestMastersSection words a divergence: rows promised to two, a table that differs,
// and how to repair it.
func TestMastersSection(t *testing.T) {
	dir, m := copiedPair(t)
	ledger, err := jsonl.Create(filepath.Join(dir, history.FileDatabases))
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	for i, host := range []string{"mysql1", "mysql2"} {
		for _, r := range []history.TableReading{
			{Why: history.ReadContest, Table: history.TableCanary, Rows: 2, Keys: []string{"900000001", "900000002"}[:2-i]},
			{Why: history.ReadSwap, Table: history.TableCanary, Rows: 1, Checksum: int64(i)},
			{Why: history.ReadEnd, Table: history.TableCanary, Rows: 3, Checksum: 7},
			{Why: history.ReadEnd, Table: "message_reply", Rows: 3, Checksum: int64(40 + i)},
		} {
			r.At, r.Host, r.Group = at, host, history.GroupCore
			if err := ledger.Write(r); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := ledger.Close(); err != nil {
		t.Fatal(err)
	}
	got := strings.ReplaceAll(written(t, dir, m), `\_`, "_")
	for _, want := range []string{
		"## Masters", "1 rows were acknowledged to two writers", "2 beside mysql1, 2 beside mysql2",
		"each at its own master. Both changes were acknowledged",
		"Different at the end: core.message_reply: 3 rows on mysql1 (checksum 40); 3 rows on mysql2 (checksum 41)", "mysqldump",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the report lacks %q", want)
		}
	}
	if strings.Contains(got, "core.canary: ") {
		t.Error("the report calls a table different that is equal on both")
	}
}
