package api

import (
	"sync"
	"time"

	"oalab/mockwechat/platform"
)

// tickets are the tickets of an account, by type.
type tickets struct {
	mu     sync.Mutex
	byType map[string]ticket
}

type ticket struct {
	text    string
	expires time.Time
}

// A ticket lives as long as a token. A repeated call gives the same one until so little of
// its life is left that a client which keeps a margin of 1 500 s would not cache it (sheet 0.3, rule 6).
const (
	ticketLife   = 7200 * time.Second
	ticketMargin = 1501 * time.Second
)

// serveTicket is /cgi-bin/ticket/getticket. One client panics without errcode (rule 3).
func serveTicket(r *request) answer {
	kind := r.URL.Query().Get("type")
	if r.breaks("ticket-type", kind != "jsapi" && kind != "wx_card") {
		return r.refusal()
	}
	ts := platform.Part[tickets](r.acc)
	ts.mu.Lock()
	defer ts.mu.Unlock()
	if ts.byType == nil {
		ts.byType = map[string]ticket{}
	}
	t := ts.byType[kind]
	if t.expires.Sub(r.now) < ticketMargin {
		t = ticket{text: r.p.NewToken()[3:], expires: r.now.Add(ticketLife)}
		ts.byType[kind] = t
	}
	return fields("ticket", t.text, "expires_in", int(t.expires.Sub(r.now)/time.Second))
}
