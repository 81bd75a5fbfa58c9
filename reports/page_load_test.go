package reports_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"oalab/scenarios/history"
)

// TestPlainRequestsAreNoMessages: an arm that offered requests for a page is told in other
// words than one that offered messages.
func TestPlainRequestsAreNoMessages(t *testing.T) {
	dir, m := copied(t)
	path := filepath.Join(dir, "arms", "control", history.FileArm)
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var rec history.ArmRecord
	if err := json.Unmarshal(raw, &rec); err != nil {
		t.Fatal(err)
	}
	rec.Load.Page = "/static/site.css"
	if raw, err = json.Marshal(rec); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	text := written(t, dir, m)
	for _, want := range []string{
		"Arm `control`: 20 requests for /static/site.css in",
		"| messages without an answer after all tries |", "| requests that did not get their page |",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the report lacks %q", want)
		}
	}
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "| failed_requests/control ") && strings.Contains(line, "messages") {
			t.Errorf("requests are called messages: %s", line)
		}
	}
}
