package scaler

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The page of figure 4-10, and one as Nginx prints it.
const (
	thesisPage = "Active connections: 1\nserver accepts handled requests\n413826 413826 413837\nReading: 0 Writing: 1 Waiting: 0\n"
	nginxPage  = "Active connections: 291 \nserver accepts handled requests\n 16630948 16630946 31070465 \nReading: 6 Writing: 179 Waiting: 106 \n"
)

func TestParseStatus(t *testing.T) {
	t.Parallel()
	for page, want := range map[string]Status{
		thesisPage: {Active: 1, Accepts: 413826, Handled: 413826, Requests: 413837, Writing: 1},
		nginxPage:  {Active: 291, Accepts: 16630948, Handled: 16630946, Requests: 31070465, Reading: 6, Writing: 179, Waiting: 106},
	} {
		got, err := ParseStatus([]byte(page))
		if err != nil {
			t.Errorf("%q: %v", page, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", page, diff)
		}
	}
	for name, page := range map[string]string{
		"empty": "", "a page of HTML": "<html>404</html>", "cut off": nginxPage[:80],
		"a number below zero": strings.Replace(thesisPage, "413837", "-1", 1),
		"a number too large":  strings.Replace(thesisPage, "413837", "18446744073709551616", 1),
		"other words":         strings.Replace(thesisPage, "requests", "bytes", 1),
		"more":                thesisPage + "1",
	} {
		if got, err := ParseStatus([]byte(page)); err == nil || got != (Status{}) {
			t.Errorf("%s: %+v, %v; want an error", name, got, err)
		}
	}
}

func FuzzParseStatus(f *testing.F) {
	f.Add([]byte(thesisPage))
	f.Add([]byte(nginxPage))
	f.Add([]byte("Active connections: 1 server accepts handled requests 1 2 3 Reading: 0 Writing: 1 Waiting: x"))
	f.Fuzz(func(t *testing.T, page []byte) {
		s, err := ParseStatus(page)
		if err != nil {
			if len(err.Error()) > 200 || s != (Status{}) {
				t.Errorf("%q: %+v, %v", page, s, err)
			}
			return
		}
		again, err := ParseStatus(fmt.Appendf(nil, "Active connections: %d \nserver accepts handled requests\n %d %d %d \nReading: %d Writing: %d Waiting: %d \n",
			s.Active, s.Accepts, s.Handled, s.Requests, s.Reading, s.Writing, s.Waiting))
		if err != nil || again != s {
			t.Errorf("%q is read as %+v, which is read as %+v, %v", page, s, again, err)
		}
	})
}

func TestHTTPReader(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		answer http.HandlerFunc
		want   Status
		err    string
	}{
		{"a page", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, thesisPage) }, Status{Active: 1, Accepts: 413826, Handled: 413826, Requests: 413837, Writing: 1}, ""},
		{"refused", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }, Status{}, "403"},
		{"elsewhere", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/other", http.StatusFound) }, Status{}, "302"},
		{"endless", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, strings.Repeat("x", 5000)) }, Status{}, "longer than 4096 bytes"},
		{"something else", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }, Status{}, "no page of stub_status"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := httptest.NewServer(tc.answer)
			defer s.Close()
			got, err := HTTP(s.URL)(t.Context())
			if got != tc.want || (err == nil) != (tc.err == "") || err != nil && !strings.Contains(err.Error(), tc.err) {
				t.Errorf("%+v, %v; want %+v, %q", got, err, tc.want, tc.err)
			}
		})
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := HTTP("http://127.0.0.1:1")(over); err == nil {
		t.Error("a context that has ended: no error")
	}
}
