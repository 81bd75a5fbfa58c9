package probe

import (
	"io"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNginx(t *testing.T) {
	t.Parallel()
	const page = "Active connections: 291 \nserver accepts handled requests\n 16630948 16630946 31070465 \nReading: 6 Writing: 179 Waiting: 106 \n"
	url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-App-Servers", "3")
		_, _ = io.WriteString(w, page)
	})
	got, err := Nginx(url)(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []Reading{
		{Name: "active", Value: 291},
		{Name: "accepts", Value: 16630948},
		{Name: "handled", Value: 16630946},
		{Name: "requests", Value: 31070465},
		{Name: "reading", Value: 6},
		{Name: "writing", Value: 179},
		{Name: "waiting", Value: 106},
		{Name: "app_servers", Value: 3},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("readings (-want +got):\n%s", diff)
	}
	for name, h := range map[string]http.HandlerFunc{
		"another page": func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") },
		"forbidden":    func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) },
		"cut off":      func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, page[:60]) },
	} {
		if got, err := Nginx(serve(t, h))(t.Context()); err == nil {
			t.Errorf("%s: %+v, want an error", name, got)
		}
	}
	// Without the header the rest is still told.
	got, err = Nginx(serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, page) }))(t.Context())
	if err != nil || len(got) != 8 || got[7].Err == nil || got[3].Err != nil {
		t.Errorf("without the header: %+v, %v", got, err)
	}
}
