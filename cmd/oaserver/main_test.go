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
		{"several faults", nil, []string{"serve", "--config", "faults.yaml"}, `listen: "x" is not host:port; log.level: "loud"`},
		{"missing file", nil, []string{"serve", "--config", "none.yaml"}, "none.yaml: no such file"},
		{"busy port", map[string]string{"OALAB_LISTEN": busy.Addr().String()}, []string{"serve", "--config", "a.yaml"}, "listen on " + busy.Addr().String() + ": bind: address already in use"},
		{"data folder", map[string]string{"OALAB_DATA_DIR": "file"}, []string{"serve", "--config", "a.yaml"}, "file: not a directory"},
		{"data folder to migrate", map[string]string{"OALAB_DATA_DIR": "file"}, []string{"migrate", "--config", "a.yaml"}, "file: not a directory"},
		{"role of a later version", nil, []string{"serve", "--config", "a.yaml", "--roles", "callback,admin"}, `role "admin" is not available yet`},
		{"bad variable", map[string]string{"OALAB_CALLBACK_BUDGET": "soon"}, []string{"serve", "--config", "a.yaml"}, "OALAB_CALLBACK_BUDGET"},
		{"typo in a seed", nil, []string{"seed", "badseed.yaml", "--config", "a.yaml"}, `badseed.yaml: line 2: unknown key "keywrd"`},
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
