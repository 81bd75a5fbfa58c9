package load

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// Headers that vegeta gives each request; transports find their operation by them.
const (
	headerAttack = "X-Vegeta-Attack"
	headerSeq    = "X-Vegeta-Seq"
)

// FailedError is the error of a transport that knows why an operation failed although it
// was answered. The result has its status, in or outside of 200–399.
type FailedError struct {
	Status int // of the answer
	Reason string
}

// Error is the reason.
func (e *FailedError) Error() string { return e.Reason }

// sender sends operations. All requests share what does not differ.
type sender struct {
	attack    string
	transport http.RoundTripper
	like      *http.Request
	name      []string // of the attack, as a header's value
	url       string
}

// newSender makes the sender of an attack; operations are cut off when ctx ends.
func newSender(ctx context.Context, c *Common) (*sender, error) {
	like, err := http.NewRequestWithContext(ctx, c.Method, c.URL, http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("load: %w", err)
	}
	return &sender{attack: c.Attack, transport: c.Transport, like: like, name: []string{c.Attack}, url: c.URL}, nil
}

// send carries out one operation and reads its answer to the end. Redirects are not
// followed.
func (s *sender) send(seq uint64, start time.Time) *vegeta.Result {
	res := &vegeta.Result{Attack: s.attack, Seq: seq, Timestamp: start, Method: s.like.Method, URL: s.url}
	req := *s.like
	req.Header = http.Header{headerAttack: s.name, headerSeq: {strconv.FormatUint(seq, 10)}}
	status, text, err := exchange(s.transport, &req)
	res.Latency = time.Since(start)
	if err != nil {
		if failed := (*FailedError)(nil); errors.As(err, &failed) {
			res.Code = uint16(failed.Status)
		}
		res.Error = s.told(err)
		return res
	}
	if res.Code = uint16(status); status < 200 || status >= 400 {
		res.Error = text
	}
	return res
}

func exchange(t http.RoundTripper, req *http.Request) (status int, text string, err error) {
	resp, err := t.RoundTrip(req)
	if err != nil {
		return 0, "", err
	}
	if resp.Body != http.NoBody {
		_, err = io.Copy(io.Discard, resp.Body)
		if closeErr := resp.Body.Close(); err == nil {
			err = closeErr
		}
	}
	return resp.StatusCode, resp.Status, err
}

// told is an error as it is recorded: with method and address, where the URL has one,
// and without the port on this side. Otherwise equal errors would have different texts.
func (s *sender) told(err error) string {
	text := err.Error()
	if op := (*net.OpError)(nil); errors.As(err, &op) && op.Source != nil && op.Addr != nil {
		text = strings.Replace(text, op.Source.String()+"->", "", 1)
	}
	if s.url == defaultURL {
		return text
	}
	return s.like.Method + " " + s.like.URL.Redacted() + ": " + text
}
