package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"oalab/cmd/internal/exit"
	"oalab/cmd/internal/proc"
	"oalab/internal/jsonl"
	"oalab/mockcarrier/ledger"
	"oalab/server/carrier"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestWrongUsesAreOneClearLine(t *testing.T) {
	var lc net.ListenConfig
	busy, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = busy.Close() }()
	tests := []struct {
		name   string
		args   []string
		status int
		want   string
	}{
		{"busy port", []string{"--listen", busy.Addr().String(), "--control", "127.0.0.1:0"}, exit.Usage, "service port"},
		{"busy control port", []string{"--listen", "127.0.0.1:0", "--control", busy.Addr().String()}, exit.Usage, "control port"},
		{"no folder of the ledger", []string{"--ledger", "none/l.jsonl"}, exit.Usage, "none/l.jsonl"},
		{"argument", []string{"serve"}, exit.Usage, `"serve"`},
		{"unknown flag", []string{"--sed", "7"}, exit.Usage, "-sed"},
		{"help", []string{"--help"}, exit.OK, "-no-dedup"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var stderr bytes.Buffer
			got := run(t.Context(), proc.Proc{Name: "mockcarrier", Args: tt.args, Stdout: io.Discard, Stderr: &stderr, Dir: t.TempDir()})
			if got != tt.status || !strings.Contains(stderr.String(), tt.want) {
				t.Errorf("status %d, stderr %q; expected %d and %q", got, stderr.String(), tt.status, tt.want)
			}
		})
	}
}

func TestServesUntilItIsStopped(t *testing.T) {
	dir := t.TempDir()
	out, in := io.Pipe()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	status := make(chan int, 1)
	var stderr bytes.Buffer
	go func() {
		status <- run(ctx, proc.Proc{
			Name: "mockcarrier", Dir: dir, Stdout: in, Stderr: &stderr,
			Args: []string{"--listen", "127.0.0.1:0", "--control", "127.0.0.1:0", "--ledger", "l.jsonl", "--no-dedup", "--products", "P1,P2"},
		})
		_ = in.Close() // ends the wait below when it did not start
	}()
	var service, control string
	if _, err := fmt.Fscanf(out, "mockcarrier: service %s control %s\n", &service, &control); err != nil {
		t.Fatalf("%v, stderr %q", err, stderr.String())
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for _, product := range []string{"P1", "P1", "P3"} {
		body := carrier.EncodeRequest(carrier.SOAP12, &carrier.OrderProductRequest{Serial: "A", Msisdn: "13800000000", ProductCode: product})
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+service+"/carrier", bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", carrier.SOAP12.ContentType(carrier.Action(carrier.OpOrderProduct)))
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			t.Errorf("%s answered %s", product, resp.Status)
		}
	}
	cancel()
	if got := <-status; got != exit.OK {
		t.Errorf("status %d, stderr %q; expected %d", got, stderr.String(), exit.OK)
	}
	lines, err := jsonl.Read[ledger.Entry](filepath.Join(dir, "l.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range lines {
		got = append(got, string(e.Effect))
	}
	if want := "applied applied refused"; strings.Join(got, " ") != want {
		t.Errorf("effects %s, expected %s", got, want)
	}
}
