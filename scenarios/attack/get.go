package attack

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"
)

// getter turns each operation into a plain GET of its URL and reads the answer to its
// end. The limit is for all of it.
type getter struct {
	next  *http.Transport
	limit time.Duration
}

// RoundTrip carries one operation out.
func (g getter) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		_ = r.Body.Close() // a RoundTripper must; there is nothing in it
	}
	ctx, cancel := context.WithTimeout(r.Context(), g.limit)
	defer cancel()
	get := r.Clone(ctx)
	get.Method, get.Body, get.ContentLength = http.MethodGet, nil, 0
	resp, err := g.next.RoundTrip(get)
	if err != nil {
		return nil, err
	}
	_, err = io.Copy(io.Discard, resp.Body)
	if closeErr := resp.Body.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	resp.Body = http.NoBody
	return resp, nil
}
