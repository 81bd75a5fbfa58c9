package load_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"oalab/scenarios/history"
	"oalab/scenarios/load"
	"oalab/scenarios/load/profile"
)

func TestMain(m *testing.M) {
	if os.Getenv(targetRole) != "" {
		os.Exit(serveTarget())
	}
	goleak.VerifyTestMain(m)
}

// target is a server in this process and a transport to it with few connections.
func target(t *testing.T, h http.HandlerFunc) (string, *http.Transport) {
	t.Helper()
	srv := httptest.NewServer(h)
	rt := &http.Transport{MaxConnsPerHost: 32, MaxIdleConnsPerHost: 32}
	t.Cleanup(func() {
		rt.CloseIdleConnections()
		srv.Close()
	})
	return srv.URL, rt
}

func constant(t testing.TB, perS float64, length time.Duration) profile.Profile {
	t.Helper()
	p, err := profile.Constant(perS, length)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// operations reads back what a load has recorded.
func operations(t testing.TB, record *bytes.Buffer, attack string, base time.Time) []history.Operation {
	t.Helper()
	path := filepath.Join(t.TempDir(), history.FileOperations)
	if err := os.WriteFile(path, record.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	ops, err := history.ReadOperations(path, attack, base)
	if err != nil {
		t.Fatal(err)
	}
	return ops
}

func dueOf(t testing.TB, p profile.Profile) []float64 {
	t.Helper()
	due := make([]float64, profile.Count(p))
	for i := range due {
		at, ok := p.At(uint64(i))
		if !ok {
			t.Fatalf("no arrival %d", i)
		}
		due[i] = at.Seconds()
	}
	return due
}

// transport is a RoundTripper as a function.
type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func answer(r *http.Request, status int) *http.Response {
	return &http.Response{
		StatusCode: status, Status: http.StatusText(status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"X-Big": {"header"}}, Body: io.NopCloser(bytes.NewReader([]byte("body"))), Request: r,
	}
}

// hang answers when the operation is cut off, never before.
func hang(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, context.Cause(r.Context())
}

var errDisk = errors.New("no space left on device")

// fullDisk takes so many bytes and no more.
type fullDisk struct{ left int }

func (d *fullDisk) Write(p []byte) (int, error) {
	if d.left -= len(p); d.left < 0 {
		return 0, errDisk
	}
	return len(p), nil
}

func openLoad(t *testing.T, rt http.RoundTripper, p profile.Profile) load.Open {
	t.Helper()
	return load.Open{Common: load.Common{Attack: "main", Transport: rt}, Profile: p}
}
