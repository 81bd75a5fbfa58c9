package pay

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"time"

	"oalab/mockwechat/ledger"
	"oalab/mockwechat/platform"
)

// PathNotify is how the ledger names a try of a notification.
const PathNotify = "notify"

// Spacing is how long the platform waits before each further try of a notification that was
// not taken: 16 tries within 24 h 4 min (sheet 6.3). An account's notify_speed divides it.
var Spacing = []time.Duration{
	15 * time.Second, 15 * time.Second, 30 * time.Second, 3 * time.Minute, 10 * time.Minute, 20 * time.Minute,
	30 * time.Minute, 30 * time.Minute, 30 * time.Minute, time.Hour, 3 * time.Hour, 3 * time.Hour, 3 * time.Hour,
	6 * time.Hour, 6 * time.Hour,
}

// tryTimeout is the limit of one try, answer included.
const tryTimeout = 5 * time.Second

// maxReply is how much of an answer is read, in bytes.
const maxReply = 64 << 10

// idLength is that of the ids of notifications and answers, and of nonces.
const idLength = 32

func newClient() *http.Client {
	return &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		Timeout:       tryTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// notice is something that a merchant is told.
type notice struct {
	to            *platform.Official
	url           string
	event         string
	kind          string // of the content
	summary       string
	content       map[string]any
	trade, refund string
	fen           int64

	id   string
	body []byte
}

// sealNotice makes the body, which is the same in every try and every copy.
func (s *Server) sealNotice(n *notice) error {
	content, err := json.Marshal(n.content)
	if err != nil {
		return err
	}
	resource, err := s.seal(n.to.Config.Pay, n.kind, content)
	if err != nil {
		return err
	}
	resource.OriginalType, n.id = n.kind, s.letters(idLength)
	n.body, err = json.Marshal(map[string]any{
		"id": n.id, "create_time": stamp(s.p.Now()), "resource_type": "encrypt-resource", "event_type": n.event,
		"summary": n.summary, "resource": resource,
	})
	return err
}

// notify tells a merchant, in the background: a copy for each wait; one that is negative is told
// once before notify returns, and the payer hears of the payment after it. A copy is told until the
// merchant takes it, the tries are used up, the platform stops, or a reset forgets the order.
func (s *Server) notify(n notice, waits ...time.Duration) {
	if s.sealNotice(&n) != nil {
		return // texts and numbers can be written, and a validated configuration has a key
	}
	of := platform.Part[book](n.to)
	for _, wait := range waits {
		if wait < 0 {
			if s.attempt(n, of, 1) {
				continue
			}
			_ = s.background(func() { s.deliver(n, of, 2, s.pause(n, 1)) }) // as below
			continue
		}
		// After Stop nothing is told any more: the ledger is closing.
		_ = s.background(func() { s.deliver(n, of, 1, wait) })
	}
}

// deliver makes the tries of a copy from one on, the first of them after a wait.
func (s *Server) deliver(n notice, of *book, try int, wait time.Duration) {
	for ; platform.Wait(s.done, wait); try++ {
		if s.attempt(n, of, try) {
			return
		}
		wait = s.pause(n, try)
	}
}

// pause is how long the platform waits after a try that failed.
func (s *Server) pause(n notice, try int) time.Duration {
	return time.Duration(float64(Spacing[try-1]) / cmp.Or(n.to.Config.Pay.NotifySpeed, 1))
}

// attempt makes one try and reports whether it was the last one.
func (s *Server) attempt(n notice, of *book, try int) (last bool) {
	if now := s.p.Named(n.to.Config.Name); now == nil || platform.Part[book](now) != of {
		return true
	}
	line := ledger.Call{
		At: s.p.Now(), Kind: ledger.KindPay, Account: n.to.Config.Name, Path: PathNotify, MsgID: n.id, Try: try,
		Trade: n.trade, Refund: n.refund, Fen: n.fen,
	}
	taken := s.try(n.url, n.body, &line)
	return s.p.Record(&line) != nil || taken || try > len(Spacing)
}

// try sends a notification once. The merchant takes it by 200 or 204.
func (s *Server) try(address string, body []byte, line *ledger.Call) (taken bool) {
	ctx, cancel := context.WithTimeout(s.done, tryTimeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		line.Reply = err.Error()
		return false
	}
	headers, err := s.headers(body)
	if err != nil {
		line.Reply = err.Error()
		return false
	}
	for name, value := range headers {
		r.Header.Set(name, value)
	}
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	r.Header.Set("User-Agent", "Mozilla/4.0")
	resp, err := s.client.Do(r)
	if err != nil {
		line.TimedOut = errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded)
		line.Reply = err.Error()
		return false
	}
	defer func() { _ = resp.Body.Close() }()
	reply, err := io.ReadAll(io.LimitReader(resp.Body, maxReply))
	line.Status, line.Reply = resp.StatusCode, string(reply)
	if err != nil {
		line.TimedOut = true
		return false
	}
	if resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusNoContent {
		return false
	}
	line.Effect = ledger.EffectDelivered
	return true
}
