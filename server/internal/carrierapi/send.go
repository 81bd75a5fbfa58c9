package carrierapi

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"

	"oalab/server/carrier"
)

// errAnswer is wrapped by the errors of answers that are no SOAP, or not the expected one.
var errAnswer = errors.New("the answer cannot be understood")

// maxRedirects bounds how often one call is sent on.
const maxRedirects = 3

// send makes a call at one port; sent says whether the request may have left. Only a
// connection that is there can carry it: without one nothing left.
func (c *Client) send(ctx context.Context, p *port, op string, req carrier.Request, into carrier.Response) (sent bool, err error) {
	var connected atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { connected.Store(true) },
	})
	body := carrier.EncodeRequest(p.Version, req)
	address := p.Address
	for range maxRedirects + 1 {
		res, err := c.post(ctx, p, address, op, body)
		if err != nil {
			return connected.Load(), fmt.Errorf("POST %s (%s): %w", address, p.origin, bare(err))
		}
		next, err := c.answer(res, address, into)
		if err != nil {
			return true, fmt.Errorf("POST %s (%s): %w", address, p.origin, err)
		}
		if next == "" {
			return true, nil
		}
		address = next
	}
	return true, fmt.Errorf("POST %s (%s): %w: more than %d redirects, the last to %s", p.Address, p.origin, errAnswer, maxRedirects, address)
}

func (c *Client) post(ctx context.Context, p *port, address, op string, body []byte) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", p.Version.ContentType(p.Actions[op]))
	if p.Version == carrier.SOAP11 {
		r.Header.Set("SOAPAction", `"`+p.Actions[op]+`"`)
	}
	if !carrier.Repeatable(op) {
		r.GetBody = nil // without it the transport never sends an order a second time by itself
	}
	return c.calling.Do(r)
}

// bare leaves out the method and address that net/http puts before an error: they are
// told with their origin.
func bare(err error) error {
	if at, ok := errors.AsType[*url.Error](err); ok {
		return at.Err
	}
	return err
}

// answer reads an answer, or returns the address to which the call is to be sent on.
func (c *Client) answer(res *http.Response, address string, into carrier.Response) (next string, err error) {
	defer res.Body.Close()
	if location := res.Header.Get("Location"); res.StatusCode/100 == 3 && location != "" {
		return follow(res.StatusCode, address, location)
	}
	raw, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err != nil {
		return "", fmt.Errorf("read answer: %w", err)
	}
	if len(raw) > maxAnswer {
		return "", fmt.Errorf("%w: it is longer than %d bytes", errAnswer, maxAnswer)
	}
	kind := res.Header.Get("Content-Type")
	document, err := carrier.Document(kind, raw)
	if err == nil {
		err = carrier.DecodeResponse(document, into)
	}
	switch {
	case err == nil:
		return "", nil
	case errors.As(err, new(*carrier.FaultError)):
		return "", fmt.Errorf("answer with HTTP status %d: %w", res.StatusCode, err)
	case len(bytes.TrimSpace(raw)) == 0:
		return "", fmt.Errorf("%w: it is empty, with HTTP status %d", errAnswer, res.StatusCode)
	case carrier.IsPage(kind):
		return "", fmt.Errorf("%w: it is a page of type %q with HTTP status %d, which begins %s", errAnswer, kind, res.StatusCode, carrier.Beginning(raw))
	}
	return "", fmt.Errorf("%w: type %q, HTTP status %d: %w; it begins %s", errAnswer, kind, res.StatusCode, err, carrier.Beginning(raw))
}

// follow decides on a redirect. A call is sent on by 307 and 308 only, which keep it a
// POST, and only to the same host: the same name and port, or from http to https at the
// same name. Anything else would give a follower's number to another host, or a GET to a
// service that knows none.
func follow(status int, from, location string) (string, error) {
	to, err := url.Parse(from)
	if err == nil {
		to, err = to.Parse(location)
	}
	if err != nil {
		return "", fmt.Errorf("%w: a redirect (HTTP status %d) to %q, which is no address", errAnswer, status, location)
	}
	was, err := url.Parse(from)
	if err != nil {
		return "", err
	}
	kept := status == http.StatusTemporaryRedirect || status == http.StatusPermanentRedirect
	same := to.Scheme == was.Scheme && to.Host == was.Host
	safer := was.Scheme == "http" && to.Scheme == "https" && to.Hostname() == was.Hostname()
	if !kept || !same && !safer {
		return "", fmt.Errorf("%w: a redirect (HTTP status %d) to %q, which is not followed: only 307 and 308 are, within the same host; "+
			"set carrier.endpoint to the address that answers", errAnswer, status, to.String())
	}
	return to.String(), nil
}
