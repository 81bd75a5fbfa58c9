package docker_test

import (
	"cmp"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

// TestEventsFollowsStates: each change of state of a group is followed, in its order, and what
// Keepalived tells besides leaves the group as it is. A master that was halted shorter than a
// take-over hears adverts of a lower priority; it must stay open (DIS-3).
func TestEventsFollowsStates(t *testing.T) {
	for _, tc := range []struct {
		name, fifo string
		calls      []string // of notify, without the generation
		state      string   // of group core in the end
	}{
		{"a take-over", `INSTANCE "core" BACKUP 253
INSTANCE "core" MASTER 253
`, []string{"core BACKUP", "core MASTER"}, "MASTER"},
		{"adverts of a lower priority", `INSTANCE "core" MASTER 254
INSTANCE "core" MASTER_RX_LOWER_PRI 254
INSTANCE "core" MASTER_RX_LOWER_PRI 254
`, []string{"core MASTER"}, "MASTER"},
		{"a change of priority", `INSTANCE "core" BACKUP 253
INSTANCE "core" BACKUP_PRIORITY 1
`, []string{"core BACKUP"}, "BACKUP"},
		{"another kind", `INSTANCE "core" FAULT 254
GROUP "all" MASTER 254
`, []string{"core FAULT"}, "FAULT"},
		{"two groups", `INSTANCE "log" MASTER 254
INSTANCE "core" STOP 254
`, []string{"core STOP", "log MASTER"}, "STOP"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			const lib = "/usr/local/lib/db"
			dir := t.TempDir()
			script, err := os.ReadFile("mysql/files" + lib + "/events")
			if err != nil {
				t.Fatal(err)
			}
			for name, text := range map[string]string{
				"events": strings.ReplaceAll(string(script), lib, dir),
				"sql":    "run=" + dir + "\n",
				"notify": "#!/bin/bash\necho \"$1 $2 $3\"\n",
				"fifo":   tc.fifo,
			} {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o700); err != nil {
					t.Fatal(err)
				}
			}
			// Output ends when the last notify has.
			out, err := exec.CommandContext(t.Context(), "bash", filepath.Join(dir, "events"), filepath.Join(dir, "fifo")).Output()
			if err != nil {
				t.Fatal(err)
			}
			var calls []string
			last := ""
			lines := strings.Split(strings.TrimSpace(string(out)), "\n")
			slices.SortFunc(lines, cmp.Compare[string])
			for _, line := range lines {
				group, rest, _ := strings.Cut(line, " ")
				state, generation, _ := strings.Cut(rest, " ")
				calls = append(calls, group+" "+state)
				if group == "core" && state == tc.state {
					last = generation
				}
			}
			if diff := gocmp.Diff(tc.calls, calls); diff != "" {
				t.Errorf("calls of notify (-want +got):\n%s", diff)
			}
			state, err := os.ReadFile(filepath.Join(dir, "state.core"))
			if err != nil {
				t.Fatal(err)
			}
			if want := tc.state + " " + last + "\n"; string(state) != want {
				t.Errorf("state of core is %q, notify works at %q", state, want)
			}
		})
	}
}
