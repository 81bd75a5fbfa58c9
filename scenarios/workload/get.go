package workload

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"oalab/scenarios/history"
	"oalab/scenarios/load/profile"
)

// GetLimit is how long a plain request may take unless it is said otherwise: as long as
// one try of a message.
const GetLimit = 5 * time.Second

// Gets are the operations of a load of plain requests, one for each arrival of the profile.
// They contain nothing random.
func Gets(p profile.Profile) ([]history.PlannedOp, error) {
	count := profile.Count(p)
	if err := fits(count); err != nil {
		return nil, err
	}
	ops := make([]history.PlannedOp, count)
	for i := range ops {
		ops[i] = history.PlannedOp{Seq: uint64(i), Kind: history.KindGet}
	}
	return ops, schedule(ops, p)
}

// Getter turns each operation into a plain GET of its URL and reads the answer to its
// end. The limit is for all of it.
type Getter struct {
	Next  http.RoundTripper
	Limit time.Duration
}

// RoundTrip carries one operation out.
func (g Getter) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		_ = r.Body.Close() // a RoundTripper must; there is nothing in it
	}
	ctx, cancel := context.WithTimeout(r.Context(), g.Limit)
	defer cancel()
	get := r.WithContext(ctx)
	get.Method, get.Body, get.ContentLength = http.MethodGet, nil, 0
	resp, err := g.Next.RoundTrip(get)
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
