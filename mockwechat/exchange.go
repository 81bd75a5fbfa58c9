package mockwechat

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"

	"oalab/chaos/upstream"
)

// maxAnswer is the longest answer to a push that is read.
const maxAnswer = 64 << 10

// pushHeader is shared by all pushes; a transport does not change it.
var pushHeader = http.Header{
	"Content-Type": {"text/xml"},
	"User-Agent":   {"Mozilla/4.0"},
	"Accept":       {"*/*"},
}

// The headers by which a load balancer tells who had a try, and for how long (docker/lb).
const (
	headerUpstream     = "X-Upstream"
	headerUpstreamTime = "X-Upstream-Time"
)

// exchange sends one try and judges the answer into the line. It returns an error
// when no whole answer came in time; an answer that does not count is Error in
// the line.
func (d *delivery) exchange(ctx context.Context, f fault) error {
	if !wait(ctx, f.latency) {
		return ctx.Err()
	}
	if f.action == upstream.ActionHang { // the try never leaves the platform
		<-ctx.Done()
		return ctx.Err()
	}
	req := d.request(ctx)
	d.line.Upstream = d.url.Host
	if f.action == upstream.ActionReset {
		return d.reset(req)
	}
	resp, err := d.cfg.Transport.RoundTrip(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	d.passedBy(resp.Header)
	body, err := readAnswer(resp)
	if err != nil {
		return err
	}
	// A context that ends between the last byte and here makes a late answer.
	if err := ctx.Err(); err != nil {
		return err
	}
	d.judge(resp.StatusCode, body)
	return nil
}

// passedBy notes which servers had the try, where a load balancer tells.
func (d *delivery) passedBy(h http.Header) {
	servers := h[headerUpstream]
	if len(servers) == 0 || servers[0] == "" {
		return
	}
	d.line.Upstream = servers[0]
	// With one server the time of the try says it all, and more exactly.
	if times := h[headerUpstreamTime]; len(times) > 0 && strings.Contains(servers[0], ", ") {
		d.line.UpstreamS = times[0]
	}
}

// readAnswer reads a body into a buffer of its size.
func readAnswer(resp *http.Response) ([]byte, error) {
	if n := resp.ContentLength; n >= 0 && n <= maxAnswer {
		b := make([]byte, n)
		_, err := io.ReadFull(resp.Body, b)
		return b, err
	}
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return b, err
	}
	if len(b) > maxAnswer {
		return nil, fmt.Errorf("answer is longer than %d bytes", maxAnswer)
	}
	return b, nil
}

// judge decides whether an answer counts.
func (d *delivery) judge(status int, body []byte) {
	d.line.Status = status
	d.line.Reply = string(body)
	if status != http.StatusOK {
		d.line.Error = "status " + strconv.Itoa(status)
		return
	}
	plain, err := d.acc.envelope.open(body)
	if err == nil {
		var reply Reply
		reply, err = ReadReply(plain, d.msg.OpenID, d.acc.cfg.OriginalID)
		d.line.Reply = reply.Plain
	}
	if err != nil {
		d.line.Error = err.Error()
	}
}

// request builds a try with a signature of its own.
func (d *delivery) request(ctx context.Context) *http.Request {
	timestamp := strconv.FormatInt(d.p.now().Unix(), 10)
	count := d.nonces.Add(1)
	nonce := strconv.FormatUint(mix(d.p.cfg.Seed^count)%9_000_000_000+1_000_000_000, 10)
	// The platform's random characters look like hexadecimal digits.
	random := fmt.Sprintf("%016x", mix(^d.p.cfg.Seed^count))
	body, extra := d.acc.envelope.seal(d.plain, timestamp, nonce, random)
	u := *d.url
	u.RawQuery = d.query + "signature=" + signature(d.acc.cfg.Token, timestamp, nonce) +
		"&timestamp=" + timestamp + "&nonce=" + nonce + "&openid=" + queryEscape(d.msg.OpenID) + extra
	req := &http.Request{
		Method: http.MethodPost, URL: &u, Host: u.Host,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header:        pushHeader,
		ContentLength: int64(len(body)),
		Body:          io.NopCloser(bytes.NewReader(body)),
		// Lets the transport take another connection when the idle one it took
		// turned out to be closed before a byte was written: not a second try.
		GetBody: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil },
	}
	return req.WithContext(ctx)
}

// resetAfter is how long the server has a try before the platform resets it.
const resetAfter = 10 * time.Millisecond

// reset sends a try and drops the connection soon after, whatever comes of it.
func (d *delivery) reset(req *http.Request) error {
	ctx, cancel := context.WithCancelCause(req.Context())
	defer cancel(nil)
	trace := &httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) {
		time.AfterFunc(resetAfter, func() { cancel(errReset) })
	}}
	resp, err := d.cfg.Transport.RoundTrip(req.WithContext(httptrace.WithClientTrace(ctx, trace)))
	if err == nil {
		_ = resp.Body.Close()
	}
	if err == nil || errors.Is(context.Cause(ctx), errReset) {
		return errReset
	}
	return err
}

func isRefused(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }

// queryEscape leaves a well-formed openid as it is, which all but test data are.
func queryEscape(s string) string {
	if wellFormed(s) {
		return s
	}
	return url.QueryEscape(s)
}
