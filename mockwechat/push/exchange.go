package push

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
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
	"oalab/mockwechat/message"
	"oalab/mockwechat/platform"
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

// headerStale marks an answer that the server made from memory while its database was away.
const headerStale = "X-Stale"

// exchange sends one try and judges the answer into the line. It returns an error
// when no whole answer came in time; an answer that does not count is Error in
// the line.
func (d *delivery) exchange(ctx context.Context, f platform.Fault) error {
	if !platform.Wait(ctx, f.Latency) {
		return ctx.Err()
	}
	if f.Action == upstream.ActionHang { // the try never leaves the platform
		<-ctx.Done()
		return ctx.Err()
	}
	req := d.request(ctx)
	d.line.Upstream = d.to.URL.Host
	if f.Action == upstream.ActionReset {
		return d.reset(req)
	}
	resp, err := d.cfg.Transport.RoundTrip(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	d.passedBy(resp.Header)
	d.line.Stale = len(resp.Header[headerStale]) > 0
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
	if times := h[headerUpstreamTime]; len(times) > 0 && strings.Contains(servers[0], " ") {
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
	if status != http.StatusOK {
		d.line.Reply, d.line.Error = string(body), "status "+strconv.Itoa(status)
		return
	}
	if d.msg.Info != "" { // the platform's page on tickets: only the text success will do
		if d.line.Reply = string(body); d.line.Reply != "success" {
			d.line.Error = "a notice is answered by success"
		}
		return
	}
	plain, err := d.to.Envelope.Open(body)
	if err != nil {
		d.line.Reply, d.line.Error = string(body), err.Error()
		return
	}
	reply, err := message.ReadReply(plain, d.msg.OpenID, d.acc.Config.OriginalID)
	d.line.Reply = reply.Plain
	switch {
	case err != nil:
		d.line.Error = err.Error()
	case reply.MsgType == "transfer_customer_service":
		d.acc.Transferred(d.msg.OpenID, d.p.Now())
	}
}

// request builds a try with a signature of its own.
func (d *delivery) request(ctx context.Context) *http.Request {
	timestamp := strconv.FormatInt(d.p.Now().Unix(), 10)
	count := d.nonces.Add(1)
	nonce := strconv.FormatUint(platform.Mix(d.p.Seed^count)%9_000_000_000+1_000_000_000, 10)
	body, extra := d.to.Envelope.Seal(d.plain, timestamp, nonce, sixteenDigits(platform.Mix(^d.p.Seed^count)))
	u := *d.to.URL
	own, openID, id := u.RawQuery, "", ""
	if own != "" {
		own += "&"
	}
	if d.msg.Info == "" {
		openID, id = "&openid=", queryEscape(d.msg.OpenID)
	}
	// In one piece: each step of a text that grows is an allocation a try.
	u.RawQuery = own + "signature=" + message.Signature(d.to.Token, timestamp, nonce) + "&timestamp=" + timestamp + "&nonce=" + nonce + openID + id + extra
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

// sixteenDigits is a number as the platform's random characters, which look like hexadecimal digits.
func sixteenDigits(n uint64) string {
	var raw [8]byte
	var digits [16]byte
	binary.BigEndian.PutUint64(raw[:], n)
	hex.Encode(digits[:], raw[:])
	return string(digits[:])
}

// resetAfter is how long the server has a try before the platform resets it.
const resetAfter = 10 * time.Millisecond

// reset sends a try and drops the connection soon after, without regard to the answer.
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
	if platform.WellFormed(s) {
		return s
	}
	return url.QueryEscape(s)
}
