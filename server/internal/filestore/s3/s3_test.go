package s3

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	"go.uber.org/goleak"

	"oalab/server/internal/filestore"
	"oalab/server/internal/filestore/filestoretest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fake is a store in this process; before, if not nil, may answer in its place.
func fake(t *testing.T, before func(w http.ResponseWriter, r *http.Request) bool) filestore.S3 {
	t.Helper()
	backend := s3mem.New()
	if err := backend.CreateBucket("files"); err != nil {
		t.Fatal(err)
	}
	real := gofakes3.New(backend).Server()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if before == nil || !before(w, r) {
			real.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(s.Close)
	return filestore.S3{Endpoint: s.URL, Region: "us-east-1", Bucket: "files", Prefix: "oalab/", AccessKey: "key", SecretKey: "secret"}
}

func open(t *testing.T, cfg filestore.S3) *Store {
	t.Helper()
	s, err := Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestConformance(t *testing.T) {
	cfg := fake(t, nil)
	filestoretest.Run(t, func(t *testing.T) filestore.Store { t.Helper(); return open(t, cfg) })
}

// TestAFullStore: the error says so.
func TestAFullStore(t *testing.T) {
	for _, test := range []struct {
		status int
		code   string
		full   bool
	}{{507, "XMinioStorageFull", true}, {403, "QuotaExceeded", true}, {507, "Other", true}, {403, "AccessDenied", false}} {
		s := open(t, fake(t, func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method != http.MethodPut {
				return false
			}
			w.WriteHeader(test.status)
			fmt.Fprintf(w, "<Error><Code>%s</Code><Message>m</Message></Error>", test.code)
			return true
		}))
		if err := s.Put(t.Context(), "k", []byte("x")); err == nil || errors.Is(err, filestore.ErrFull) != test.full {
			t.Errorf("%d %s: %v", test.status, test.code, err)
		}
	}
}

// TestALostAnswerIsAskedForAgain: the operations may be repeated.
func TestALostAnswerIsAskedForAgain(t *testing.T) {
	lost := map[string]bool{}
	s := open(t, fake(t, func(w http.ResponseWriter, r *http.Request) bool {
		if lost[r.Method] {
			return false
		}
		lost[r.Method] = true
		w.WriteHeader(http.StatusServiceUnavailable)
		return true
	}))
	if err := s.Put(t.Context(), "k", []byte("x")); err != nil {
		t.Error(err)
	}
	if got, err := s.Get(t.Context(), "k"); string(got) != "x" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
}

// TestAMissingBucket is told by the readiness, and no secret is.
func TestAMissingBucket(t *testing.T) {
	cfg := fake(t, nil)
	cfg.Bucket = "none"
	s := open(t, cfg)
	if err := s.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "none") {
		t.Errorf("error %v", err)
	}
	err := s.Put(context.WithoutCancel(t.Context()), "k", []byte("x"))
	if err == nil || errors.Is(err, filestore.ErrNotFound) || strings.Contains(err.Error(), "secret") {
		t.Errorf("error %v", err)
	}
}
