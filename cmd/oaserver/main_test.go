package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"go.uber.org/goleak"

	"oalab/cmd/internal/exit"
	"oalab/cmd/internal/proc"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// runIn runs oaserver in a folder and returns its status and streams.
func runIn(t *testing.T, dir string, env map[string]string, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	p := proc.Proc{
		Name: "oaserver", Args: args, Dir: dir, Stdout: &out, Stderr: &errs,
		LookupEnv: func(key string) (string, bool) { v, ok := env[key]; return v, ok },
	}
	return run(t.Context(), p), out.String(), errs.String()
}

func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const (
	valid = "listen: 127.0.0.1:0\naccounts: [{name: demo, token: AAAAA}]\n"
	seed  = "keywords: [{keyword: 资费, match: equal, answers: [一]}]\nbindings_csv: |\n  o1,13800138000\n"
)

func TestMistakesAreOneLine(t *testing.T) {
	t.Parallel()
	var config net.ListenConfig
	busy, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = busy.Close() })
	dir := folder(t, map[string]string{
		"a.yaml": valid, "s.yaml": seed, "typo.yaml": valid + "databse: {driver: sqlite}\n", "faults.yaml": "listen: x\nlog: {level: loud}\n",
		"badseed.yaml": "keywords:\n  - {keywrd: a}\n", "file": "",
	})
	tests := []struct {
		name string
		env  map[string]string
		args []string
		want string // of the one line
	}{
		{"no command", nil, nil, "no command given"},
		{"unknown command", nil, []string{"start"}, `unknown command "start"`},
		{"unknown flag", nil, []string{"serve", "--port", "1"}, "-port"},
		{"argument too many", nil, []string{"serve", "now"}, "serve: got 1 arguments, want 0"},
		{"seed without a file", nil, []string{"seed", "--config", "a.yaml"}, "seed: got 0 arguments, want 1"},
		{"typo", nil, []string{"serve", "--config", "typo.yaml"}, `typo.yaml: line 3: unknown key "databse"`},
		{"several faults", nil, []string{"serve", "--config", "faults.yaml"}, `faults.yaml: line 1: listen: "x" is not host:port; line 2: log.level: "loud"`},
		{"missing file", nil, []string{"serve", "--config", "none.yaml"}, "none.yaml: no such file"},
		{"busy port", map[string]string{"OALAB_LISTEN": busy.Addr().String()}, []string{"serve", "--config", "a.yaml"}, "listen on " + busy.Addr().String() + ": bind: address already in use"},
		{"data folder", map[string]string{"OALAB_DATA_DIR": "file"}, []string{"serve", "--config", "a.yaml"}, "file: not a directory"},
		{"data folder to migrate", map[string]string{"OALAB_DATA_DIR": "file"}, []string{"migrate", "--config", "a.yaml"}, "file: not a directory"},
		{"role of a later version", nil, []string{"serve", "--config", "a.yaml", "--roles", "callback,admin"}, `role "admin" is not available yet`},
		{"bad variable", map[string]string{"OALAB_CALLBACK_BUDGET": "soon"}, []string{"serve", "--config", "a.yaml"}, "OALAB_CALLBACK_BUDGET"},
		{"typo in a seed", nil, []string{"seed", "badseed.yaml", "--config", "a.yaml"}, `badseed.yaml: line 2: unknown key "keywrd"`},
		{"dead without a command", nil, []string{"dead"}, "dead: want one of list, retry, drop"},
		{"dead with another command", nil, []string{"dead", "bury"}, `dead: "bury" is none of list, retry, drop`},
		{"retry nothing", nil, []string{"dead", "retry", "--config", "a.yaml"}, "dead retry: want IDs or --all"},
		{"retry all and one", nil, []string{"dead", "retry", "1", "--all", "--config", "a.yaml"}, "dead retry: want IDs or --all, not both"},
		{"retry a name", nil, []string{"dead", "retry", "order:1", "--config", "a.yaml"}, `dead retry: "order:1" is not the ID of a dead letter`},
		{"drop nothing", nil, []string{"dead", "drop", "--config", "a.yaml"}, "dead drop: want IDs or --older-than"},
		{"drop by no age", nil, []string{"dead", "drop", "--older-than", "long", "--config", "a.yaml"}, `"long" is not a period such as 3d or 72h`},
		{"drop what is not there", nil, []string{"dead", "drop", "7", "--config", "a.yaml"}, "drop dead letter 7: no such dead letter"},
		{"list with an argument", nil, []string{"dead", "list", "7", "--config", "a.yaml"}, "dead list: got 1 arguments, want 0"},
		{"list of no kind", nil, []string{"dead", "list", "--kind", "orders", "--config", "a.yaml"}, `kind: "orders" is none of order, query, tell, profile`},
		{"list since never", nil, []string{"dead", "list", "--since", "never", "--config", "a.yaml"}, `"never" is neither an age`},
		{"list a negative number", nil, []string{"dead", "list", "--limit", "-1", "--config", "a.yaml"}, "dead list: --limit -1 is negative"},
		{"another command's flag", nil, []string{"dead", "list", "--all", "--config", "a.yaml"}, "-all"},
		{"replies kept too short", map[string]string{"OALAB_RETENTION_REPLIES": "24h"}, []string{"migrate", "--config", "a.yaml"}, "OALAB_RETENTION_REPLIES: retention.replies: 1d is below 2d"},
		{"seed without an account", nil, []string{"seed", "s.yaml"}, "no account is configured"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			status, stdout, stderr := runIn(t, dir, test.env, test.args...)
			if status != exit.Usage || stdout != "" {
				t.Errorf("status %d, stdout %q", status, stdout)
			}
			if !strings.HasPrefix(stderr, "oaserver: ") || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, test.want) {
				t.Errorf("stderr %q, want one line with %s", stderr, test.want)
			}
		})
	}
}

func TestMigrateSeedVersionHelp(t *testing.T) {
	t.Parallel()
	dir := folder(t, map[string]string{"a.yaml": valid, "s.yaml": seed})
	for _, args := range [][]string{
		{"migrate", "--config", "a.yaml"},
		{"migrate", "--config", "a.yaml"},
		{"seed", "s.yaml", "--config", "a.yaml"},
		{"seed", "--config=a.yaml", "s.yaml"},
	} {
		status, stdout, stderr := runIn(t, dir, nil, args...)
		if status != exit.OK || stdout != "" || args[0] == "seed" && stderr != "oaserver: stored 1 keywords, 0 business codes, 1 bindings\n" {
			t.Errorf("%q: status %d, stdout %q, stderr %q", args, status, stdout, stderr)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "data")); err != nil {
		t.Errorf("the default data folder is not in the working folder: %v", err)
	}
	for _, command := range []string{"version", "help"} {
		if status, stdout, _ := runIn(t, dir, nil, command); status != exit.OK || !strings.Contains(stdout, "oaserver ") {
			t.Errorf("%s: status %d, stdout %q", command, status, stdout)
		}
	}
}

func TestSeedPrunesAndShowsItsPlan(t *testing.T) {
	t.Parallel()
	dir := folder(t, map[string]string{
		"a.yaml": valid,
		"1.yaml": "keywords:\n  - {keyword: a, match: equal, answers: [x]}\n  - {keyword: b, match: equal, answers: [x]}\nbindings_csv: |\n  o1,13800138000\n  o2,13800138001\n",
		"2.yaml": "keywords:\n  - {keyword: a, match: equal, answers: [y]}\nbindings_csv: |\n  o1,13800138000\n",
	})
	const nothing = "business: 0 new, 0 changed, 0 removed, 0 as they are\n"
	for _, step := range []struct {
		args           []string
		stdout, stderr string
	}{
		{[]string{"1.yaml"}, "", "stored 2 keywords, 0 business codes, 2 bindings\n"},
		{[]string{"2.yaml", "--dry-run"}, "keywords: 0 new, 1 changed, 0 removed, 0 as they are\n  ~ \"a\" equal\n" + nothing + "bindings: 0 new, 0 changed, 0 removed, 1 as they are\n", "nothing was stored\n"},
		{[]string{"--prune", "--dry-run", "2.yaml"}, "keywords: 0 new, 1 changed, 1 removed, 0 as they are\n  ~ \"a\" equal\n  - \"b\" equal\n" + nothing + "bindings: 0 new, 0 changed, 0 removed, 1 as they are\n", "nothing was stored\n"},
		{[]string{"--prune", "2.yaml"}, "", "stored 1 keywords, 0 business codes, 1 bindings; removed 1 of keywords\n"},
		{[]string{"--prune", "2.yaml"}, "", "stored 1 keywords, 0 business codes, 1 bindings\n"},
		{[]string{"--prune=bindings", "2.yaml"}, "", "stored 1 keywords, 0 business codes, 1 bindings; removed 1 of bindings\n"},
	} {
		status, stdout, stderr := runIn(t, dir, nil, append([]string{"seed", "--config", "a.yaml"}, step.args...)...)
		if status != exit.OK || stdout != step.stdout || stderr != "oaserver: "+step.stderr {
			t.Errorf("%q: status %d, stdout %q, stderr %q", step.args, status, stdout, stderr)
		}
	}
	if status, _, stderr := runIn(t, dir, nil, "seed", "--config", "a.yaml", "--prune=menus", "2.yaml"); status != exit.Usage || !strings.Contains(stderr, `"menus" is none of keywords, business, bindings`) {
		t.Errorf("status %d, stderr %q", status, stderr)
	}
}

func TestServeUntilTheSignal(t *testing.T) {
	t.Parallel()
	dir := folder(t, map[string]string{"a.yaml": valid})
	reader, writer := io.Pipe()
	var stderr bytes.Buffer
	signals := make(chan os.Signal, 2)
	p := proc.Proc{
		Name: "oaserver", Args: []string{"serve", "--config", "a.yaml"}, Dir: dir, Stdout: writer, Stderr: &stderr,
		Notify: func(...os.Signal) (<-chan os.Signal, func()) { return signals, func() {} },
	}
	ended := make(chan int, 1)
	go func() {
		ended <- proc.Run(context.WithoutCancel(t.Context()), p, run)
		writer.Close()
	}()
	line := make([]byte, 128)
	n, err := reader.Read(line)
	if err != nil {
		t.Fatal(err)
	}
	said := regexp.MustCompile(`^listening on (127\.0\.0\.1:\d+)\n$`).FindStringSubmatch(string(line[:n]))
	if said == nil {
		t.Fatalf("first output is %q", line[:n])
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+said[1]+"/readyz", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Close = true
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Errorf("readyz: %s", answer.Status)
	}
	signals <- syscall.SIGTERM
	rest, err := io.ReadAll(reader)
	if err != nil || len(rest) > 0 {
		t.Errorf("more output: %q, %v", rest, err)
	}
	if status := <-ended; status != exit.OK {
		t.Errorf("status %d, stderr %s", status, &stderr)
	}
	for text := range strings.Lines(stderr.String()) {
		if !strings.HasPrefix(text, "{") {
			t.Errorf("the log has a line that is no JSON: %s", text)
		}
	}
}
