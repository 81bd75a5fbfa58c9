package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// fakeDocker answers a try of NET_ADMIN as told and notes the calls.
type fakeDocker struct {
	images, start, wait string // bodies; start is an error message, "" for success
	hang                bool   // wait never answers

	mu    sync.Mutex
	calls []string
	made  dockerContainer
}

func (f *fakeDocker) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	call := r.Method + " " + r.URL.Path
	f.mu.Lock()
	f.calls = append(f.calls, call)
	f.mu.Unlock()
	switch call {
	case "GET /images/json":
		_, _ = w.Write([]byte(f.images))
	case "POST /containers/create":
		if err := json.NewDecoder(r.Body).Decode(&f.made); err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		w.WriteHeader(http.StatusCreated)
		_, _ = w.Write([]byte(`{"Id":"c1","Warnings":[]}`))
	case "POST /containers/c1/start":
		if f.start == "" {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		w.WriteHeader(http.StatusInternalServerError)
		_ = json.NewEncoder(w).Encode(map[string]string{"message": f.start})
	case "POST /containers/c1/wait":
		if f.hang {
			_, _ = io.Copy(io.Discard, r.Body) // only then an end of the connection is seen
			<-r.Context().Done()
			return
		}
		_, _ = w.Write([]byte(f.wait))
	case "DELETE /containers/c1":
		w.WriteHeader(http.StatusNoContent)
	default:
		w.WriteHeader(http.StatusNotFound)
		_, _ = w.Write([]byte(`{"message":"no such call"}`))
	}
}

func TestTryNetAdmin(t *testing.T) {
	const image = `[{"Id":"sha256:1","RepoTags":["oalab/base:1"]}]`
	all := []string{"GET /images/json", "POST /containers/create", "POST /containers/c1/start", "POST /containers/c1/wait", "DELETE /containers/c1"}
	for name, tc := range map[string]struct {
		docker *fakeDocker
		want   string // of the error; "" for none
		calls  []string
	}{
		"it may":     {&fakeDocker{images: image, wait: `{"StatusCode":0}`}, "", all},
		"it may not": {&fakeDocker{images: image, wait: `{"StatusCode":1}`}, "status 1", all},
		"it does not start": {
			&fakeDocker{images: image, start: "operation not permitted"}, "operation not permitted",
			[]string{all[0], all[1], all[2], all[4]},
		},
		"no image":  {&fakeDocker{images: `[]`}, ErrNoImage.Error(), all[:1]},
		"no answer": {&fakeDocker{images: image, hang: true}, context.DeadlineExceeded.Error(), all},
		"no daemon": {&fakeDocker{images: `<html>`}, "no Docker daemon", all[:1]},
	} {
		t.Run(name, func(t *testing.T) {
			srv := httptest.NewServer(tc.docker)
			defer srv.Close()
			err := tryNetAdmin(t.Context(), "tcp://"+strings.TrimPrefix(srv.URL, "http://"))
			if (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want %q", err, tc.want)
			}
			if name == "no answer" && !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%v is no end of the time", err)
			}
			if diff := cmp.Diff(tc.calls, tc.docker.calls); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
			if len(tc.calls) > 1 {
				want := dockerContainer{
					Image: "sha256:1", Entrypoint: []string{"nft", "list", "tables"}, Cmd: []string{},
					Labels: map[string]string{"oalab": "doctor"}, HostConfig: dockerHostConfig{CapAdd: []string{"NET_ADMIN"}, NetworkMode: "none"},
				}
				if diff := cmp.Diff(want, tc.docker.made); diff != "" {
					t.Errorf("container (-want +got):\n%s", diff)
				}
			}
		})
	}
}
