// Package servertest owns what tests need to run a whole server: a
// configuration on a free port with a folder of its own, start and stop with
// the test, and signed pushes.
package servertest

import (
	"bytes"
	"context"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"oalab/server"
	"oalab/server/wechat"
)

// Account and Token are those of the one account of Config. Key is a key for one
// that is not in plain mode.
const (
	Account = "demo"
	Token   = "AAAAA"
	Key     = "mNnY5GekpChwqhy2c4NBH90g3hND6GeI4gii2YCvKLY"
)

// Config is a valid configuration: a free port, a temporary data folder, one account.
func Config(t testing.TB) server.Config {
	t.Helper()
	cfg := server.Default()
	cfg.Listen = "127.0.0.1:0"
	cfg.DataDir = t.TempDir()
	cfg.Log.Level = "debug"
	cfg.Accounts = []server.Account{{
		Name: Account, AppID: "wx0000000000000001", Secret: "0123456789abcdef0123456789abcdef", Token: Token, OriginalID: "gh_a96a4a619366",
	}}
	return cfg
}

// Start runs a server until the test ends or it is stopped. Its log is shown
// when the test fails.
func Start(t testing.TB, cfg server.Config, roles ...string) *server.Server {
	t.Helper()
	log := &lockedBuffer{}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("log of the server:\n%s", log)
		}
	})
	s, err := server.New(t.Context(), cfg, server.Options{Roles: roles, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { Stop(t, s) })
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

// Stop stops a server; an error fails the test.
func Stop(t testing.TB, s *server.Server) {
	t.Helper()
	// The test's own context has ended when a cleanup runs; Stop has a limit of its own.
	if err := s.Stop(context.WithoutCancel(t.Context())); err != nil {
		t.Error(err)
	}
}

// Seed loads the file's content into the database of the configuration.
func Seed(t testing.TB, cfg server.Config, content string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "seed.yaml")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := server.Seed(t.Context(), cfg, path); err != nil {
		t.Fatal(err)
	}
}

// Get returns the status and the body of a page.
func Get(t testing.TB, s *server.Server, path string) (int, string) {
	t.Helper()
	return do(t, http.MethodGet, "http://"+s.Addr()+path, "")
}

// Push makes one try of a message, signed for Account.
func Push(t testing.TB, s *server.Server, body string) (int, string) {
	t.Helper()
	return PushQuery(t, s, body, nil)
}

// PushQuery is Push with more in the query, such as encrypt_type.
func PushQuery(t testing.TB, s *server.Server, body string, more url.Values) (int, string) {
	t.Helper()
	query := url.Values{"timestamp": {"1414387151"}, "nonce": {"n"}, "signature": {wechat.Sign(Token, "1414387151", "n")}}
	maps.Copy(query, more)
	return do(t, http.MethodPost, "http://"+s.Addr()+"/wechat/"+Account+"?"+query.Encode(), body)
}

func do(t testing.TB, method, target, body string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Close = true // no connection outlives the test
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(content)
}

// lockedBuffer is a buffer that a server may still write to while it is read.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write implements io.Writer.
func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

// String returns what was written.
func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
