package scaler

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// Status is what Nginx's stub_status tells (thesis table 4-2). The counters begin
// from zero when Nginx is started, and go on over a reload.
type Status struct {
	Active   uint64 // connections that are open now
	Accepts  uint64 // connections accepted so far
	Handled  uint64 // connections handled so far
	Requests uint64 // requests so far
	Reading  uint64 // connections whose request is being read
	Writing  uint64 // connections that are being answered
	Waiting  uint64 // connections that idle
}

// Values are the seven values by their names.
func (s Status) Values() map[string]uint64 {
	return map[string]uint64{
		"active": s.Active, "accepts": s.Accepts, "handled": s.Handled, "requests": s.Requests,
		"reading": s.Reading, "writing": s.Writing, "waiting": s.Waiting,
	}
}

// statusLimit is the longest page that is read; a true one has about 120 bytes.
const statusLimit = 4 << 10

// statusForm is the page, word by word; a * stands for a number.
var statusForm = strings.Fields("Active connections: * server accepts handled requests * * * Reading: * Writing: * Waiting: *")

// ParseStatus reads a page of stub_status. It accepts nothing else.
func ParseStatus(page []byte) (Status, error) {
	words := strings.Fields(string(page))
	if len(words) != len(statusForm) {
		return Status{}, fmt.Errorf("no page of stub_status: %d words instead of %d", len(words), len(statusForm))
	}
	var s Status
	into := []*uint64{&s.Active, &s.Accepts, &s.Handled, &s.Requests, &s.Reading, &s.Writing, &s.Waiting}
	for i, want := range statusForm {
		if want != "*" {
			if words[i] != want {
				return Status{}, fmt.Errorf("no page of stub_status: %q stands where %q belongs", clip(words[i]), want)
			}
			continue
		}
		n, err := strconv.ParseUint(words[i], 10, 64)
		if err != nil {
			return Status{}, fmt.Errorf("no page of stub_status: %q is no count", clip(words[i]))
		}
		*into[0], into = n, into[1:]
	}
	return s, nil
}

// clip shortens what an error repeats of outside bytes.
func clip(s string) string {
	if len(s) > 20 {
		return s[:20] + "…"
	}
	return s
}

// Reader looks at one Nginx.
type Reader func(ctx context.Context) (Status, error)

// HTTP reads the page at url, each time over a connection of its own: a kept one might
// still be answered by a worker that no longer takes others.
func HTTP(url string) Reader {
	client := &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return func(ctx context.Context) (s Status, err error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return Status{}, err
		}
		resp, err := client.Do(req)
		if err != nil {
			return Status{}, err
		}
		defer func() { err = errors.Join(err, resp.Body.Close()) }()
		if resp.StatusCode != http.StatusOK {
			return Status{}, fmt.Errorf("GET %s: %s", url, resp.Status)
		}
		page, err := io.ReadAll(io.LimitReader(resp.Body, statusLimit+1))
		if err != nil {
			return Status{}, fmt.Errorf("GET %s: %w", url, err)
		}
		if len(page) > statusLimit {
			return Status{}, fmt.Errorf("GET %s: the page is longer than %d bytes", url, statusLimit)
		}
		return ParseStatus(page)
	}
}
