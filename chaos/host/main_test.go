package host

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// TestMain is also the child: the tests start their own binary again, as
// "child MODE ADDRESS LOG".
func TestMain(m *testing.M) {
	if len(os.Args) == 5 && os.Args[1] == "child" {
		child(os.Args[2], os.Args[3], os.Args[4])
		return
	}
	goleak.VerifyTestMain(m)
}

func child(mode, addr, log string) {
	fmt.Fprintln(os.Stdout, "mode", mode)
	switch mode {
	case "serve":
		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
		defer stop()
		serve(addr)
		<-ctx.Done()
		fmt.Fprintln(os.Stdout, "asked to stop")
	case "deaf":
		signal.Ignore(syscall.SIGTERM)
		serve(addr)
		select {}
	case "never-ready":
		<-time.After(time.Minute)
	case "die":
		panic("planted death")
	case "harness": // starts a child of its own and tells its process id
		p, err := NewProcess(Config{Path: os.Args[0], Args: []string{"child", "serve", addr, log}, LogPath: log})
		if err != nil {
			panic(err)
		}
		if err := p.Start(context.Background()); err != nil {
			panic(err)
		}
		fmt.Fprintln(os.Stdout, "pid", p.Pid())
		select {}
	}
}

func serve(addr string) {
	l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", addr)
	if err != nil {
		panic(err)
	}
	go func() {
		_ = http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") }))
	}()
}

// lastPort counts through the ports that freeAddr gives.
var lastPort atomic.Int64

// freeAddr is an address that was free a moment ago. It lies below the ports that the
// kernel gives to connections, one of which could take it before the child listens,
// and no two tests of this process get the same.
func freeAddr(t *testing.T) string {
	t.Helper()
	const lowest, count = 20000, 12000
	for range 100 {
		port := lowest + (int64(os.Getpid())*101+lastPort.Add(1))%count
		addr := net.JoinHostPort("127.0.0.1", strconv.FormatInt(port, 10))
		l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", addr)
		if err != nil {
			continue
		}
		must(t, l.Close())
		return addr
	}
	t.Fatal("no free port on 127.0.0.1 in 100 tries")
	return ""
}

func newChild(t *testing.T, mode string) *Process {
	t.Helper()
	addr, log := freeAddr(t), filepath.Join(t.TempDir(), "child.log")
	p, err := NewProcess(Config{
		Name: mode, Path: os.Args[0], Args: []string{"child", mode, addr, log}, LogPath: log,
		ReadyURL: "http://" + addr + "/readyz", ReadyTimeout: 300 * time.Millisecond, StopTimeout: 5 * time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 10*time.Second)
		defer cancel()
		if err := p.Kill(ctx); err != nil {
			t.Errorf("clean up: %v", err)
		}
	})
	return p
}

func started(t *testing.T, mode string) *Process {
	t.Helper()
	p := newChild(t, mode)
	if err := p.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := p.WaitReady(limit(t, 20*time.Second)); err != nil {
		t.Fatal(err)
	}
	return p
}

func limit(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func logOf(t *testing.T, p *Process) string {
	t.Helper()
	text, err := os.ReadFile(p.config.LogPath)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func alive(t *testing.T, p *Process) bool {
	t.Helper()
	yes, err := p.Alive(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return yes
}

func mustContain(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q does not say %q", text, part)
		}
	}
}
