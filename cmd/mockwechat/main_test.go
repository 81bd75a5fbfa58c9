package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"oalab/cmd/internal/exit"
	"oalab/cmd/internal/proc"
)

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestUsageErrorsAreOneClearLine(t *testing.T) {
	var lc net.ListenConfig
	busy, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = busy.Close() }()
	typo := write(t, "a.yaml", "- name: demo\n  app_id: wx1\n  secrte: x\n")
	tests := []struct {
		name string
		args []string
		want string
	}{
		{"busy port", []string{"--listen", busy.Addr().String(), "--control", "127.0.0.1:0"}, busy.Addr().String()},
		{"busy control port", []string{"--listen", "127.0.0.1:0", "--control", busy.Addr().String()}, busy.Addr().String()},
		{"typo in a key", []string{"--accounts", typo}, "secrte"},
		{"line of the typo", []string{"--accounts", typo}, "line 3:"},
		{"no file", []string{"--accounts", "/nonexistent/a.yaml"}, "/nonexistent/a.yaml"},
		{"no folder of the ledger", []string{"--ledger", "/nonexistent/l.jsonl"}, "/nonexistent/l.jsonl"},
		{"argument", []string{"serve"}, `"serve"`},
		{"unknown flag", []string{"--sed", "7"}, "sed"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var stderr bytes.Buffer
			got := run(t.Context(), proc.Proc{Args: test.args, Stdout: io.Discard, Stderr: &stderr, Dir: t.TempDir()})
			if got != exit.Usage || !strings.Contains(stderr.String(), test.want) {
				t.Errorf("status %d, stderr %q; want %d and %q", got, stderr.String(), exit.Usage, test.want)
			}
		})
	}
}

func TestServesUntilItIsStopped(t *testing.T) {
	accounts := write(t, "a.yaml", "accounts:\n  - {name: demo, app_id: wx1, secret: s, token: t, original_id: gh_1}\n")
	ledger := filepath.Join(t.TempDir(), "wechat.jsonl")
	out, in := io.Pipe()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	status := make(chan int, 1)
	go func() {
		status <- run(ctx, proc.Proc{
			Args:   []string{"--listen", "127.0.0.1:0", "--control", "127.0.0.1:0", "--accounts", accounts, "--ledger", ledger},
			Stdout: in, Stderr: io.Discard,
		})
	}()
	var api, control string
	if _, err := fmt.Fscanf(out, "mockwechat: api %s control %s\n", &api, &control); err != nil {
		t.Fatal(err)
	}
	client := http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	address := "http://" + api + "/cgi-bin/token?grant_type=client_credential&appid=wx1&secret=s"
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if err != nil || !bytes.Contains(body, []byte("access_token")) {
		t.Errorf("answer %q, %v", body, err)
	}
	cancel()
	if got := <-status; got != exit.OK {
		t.Errorf("status %d, want %d", got, exit.OK)
	}
	if b, err := os.ReadFile(ledger); err != nil || bytes.Count(b, []byte("\n")) != 1 || bytes.Contains(b, []byte(`"secret"`)) {
		t.Errorf("ledger %q, %v; want one line", b, err)
	}
}
