package workload_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"oalab/scenarios/history"
	"oalab/scenarios/workload"
)

func TestGets(t *testing.T) {
	got, err := workload.Gets(constant(t, 4, time.Second))
	if err != nil {
		t.Fatal(err)
	}
	want := []history.PlannedOp{{Kind: "get"}, {Seq: 1, DueS: 0.25, Kind: "get"}, {Seq: 2, DueS: 0.5, Kind: "get"}, {Seq: 3, DueS: 0.75, Kind: "get"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("plan (-want +got):\n%s", diff)
	}
	if _, err := workload.Gets(constant(t, 1e6, time.Hour)); err == nil || !strings.Contains(err.Error(), "more than a run can hold") {
		t.Errorf("an endless load: error %v", err)
	}
}

// TestGetter carries operations of every kind out as plain requests, and gives up an answer
// that does not end.
func TestGetter(t *testing.T) {
	release := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.Method != http.MethodGet || len(body) > 0 || r.Header.Get("X-Mark") != "7" {
			w.WriteHeader(http.StatusBadRequest)
		}
		_, _ = io.WriteString(w, "page")
		if r.URL.Path == "/endless" {
			w.(http.Flusher).Flush()
			<-release
		}
	}))
	defer srv.Close()
	defer close(release)
	conns := &http.Transport{}
	defer conns.CloseIdleConnections()
	ask := func(path string, limit time.Duration) (*http.Response, *http.Request, error) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, srv.URL+path, strings.NewReader("body"))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Mark", "7")
		resp, err := workload.Getter{Next: conns, Limit: limit}.RoundTrip(r)
		if err == nil {
			t.Cleanup(func() { _ = resp.Body.Close() })
		}
		return resp, r, err
	}
	resp, r, err := ask("/", time.Minute)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%+v, %v; want 200", resp, err)
	}
	if rest, err := io.ReadAll(resp.Body); err != nil || len(rest) > 0 {
		t.Errorf("%q, %v left of the answer, want nothing", rest, err)
	}
	if r.Method != http.MethodPost {
		t.Error("the request itself was changed")
	}
	if _, _, err := ask("/endless", 100*time.Millisecond); err == nil || !strings.Contains(err.Error(), "read the answer") {
		t.Errorf("an answer without end: error %v, want that it cannot be read", err)
	}
}
