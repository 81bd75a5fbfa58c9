package server_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"oalab/server"
	"oalab/server/internal/servertest"
)

// TestRoleScaler runs a server that is nothing but a scaler: it reads a load balancer,
// runs the command, and says so. The planted page counts 100 requests a look.
func TestRoleScaler(t *testing.T) {
	t.Parallel()
	var requests atomic.Int64
	nginx := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		n := requests.Add(100)
		fmt.Fprintf(w, "Active connections: 1 \nserver accepts handled requests\n %d %d %d \nReading: 0 Writing: 1 Waiting: 0 \n", n, n, n)
	}))
	t.Cleanup(nginx.Close)
	dir := t.TempDir()
	command, said := filepath.Join(dir, "set"), filepath.Join(dir, "said")
	if err := os.WriteFile(command, []byte("#!/bin/sh\necho \"$@\" >>"+said+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	cfg := servertest.Config(t)
	cfg.DataDir = filepath.Join(dir, "none")
	cfg.Scaler.OwnStatus = nginx.URL
	cfg.Scaler.Every, cfg.Scaler.Hold = server.Duration(100*time.Millisecond), server.Duration(200*time.Millisecond)
	cfg.Scaler.Bands = server.Bands{{From: 0, Servers: 1}, {From: 100, Servers: 2}, {From: 1e6, Servers: 3}}
	var apps []string
	for range 3 {
		app := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		t.Cleanup(app.Close)
		apps = append(apps, app.Listener.Addr().String())
	}
	cfg.Scaler.Servers, cfg.Scaler.Command = apps, []string{command, "--now"}
	s := servertest.Start(t, cfg, server.RoleScaler)
	(&world{t: t}).until("the pool of the second band", func() bool {
		text, err := os.ReadFile(said)
		return err == nil && strings.HasPrefix(string(text), fmt.Sprintf("--now %s %s %s\n--now %[1]s %s %s,backup\n", apps[0], apps[1], apps[2]))
	})
	for path, want := range map[string]string{
		"/readyz": `"nginx":"ok"`, "/metrics": "oalab_scaler_servers 2", "/wechat/demo": "404",
	} {
		// The command has spoken before the scaler knows that it has ended.
		(&world{t: t}).until(path+" with "+want, func() bool {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+s.Addr()+path, http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			return err == nil && strings.Contains(resp.Status+string(body), want)
		})
	}
	if _, err := os.Stat(cfg.DataDir); err == nil {
		t.Error("a scaler has made a folder for data")
	}
	cfg.Scaler.Servers = nil
	if _, err := server.New(t.Context(), cfg, server.Options{Roles: []string{server.RoleScaler}}); err == nil || !strings.Contains(err.Error(), "scaler.servers") {
		t.Errorf("without servers: %v", err)
	}
}
