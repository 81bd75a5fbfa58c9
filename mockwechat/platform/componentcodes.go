package platform

import (
	"sync"
	"time"
)

// The lives of what a third-party platform gets: the first from the platform's page on tickets,
// the others from that on pre_auth_code and from the fields of the push "authorized".
const (
	TicketLife      = 12 * time.Hour
	PreAuthLife     = 1800 * time.Second
	ConsentLife     = 3600 * time.Second
	TicketSpacing   = 10 * time.Minute
	keepOfComponent = 10_000
)

// Tickets are what a third-party platform was given: tickets, and the codes on the way to an
// authorisation. The zero value is empty; it is safe for concurrent use.
type Tickets struct {
	mu       sync.Mutex
	tickets  register[struct{}]
	preAuth  register[struct{}]
	consents register[string] // authorisation codes; the value is the account's appid
	next     time.Time        // when a ticket is due, by the real clock
}

// register keeps texts and until when they are good; of very many the oldest are forgotten.
type register[T any] struct {
	entries map[string]*entry[T]
	order   []string
}

type entry[T any] struct {
	value   T
	expires time.Time
	used    bool
}

func (r *register[T]) add(text string, value T, expires time.Time) {
	if r.entries == nil {
		r.entries = map[string]*entry[T]{}
	}
	r.entries[text] = &entry[T]{value: value, expires: expires}
	r.order = append(r.order, text)
	if len(r.order) > keepOfComponent {
		delete(r.entries, r.order[0])
		r.order = r.order[1:]
	}
}

// Grant is what became of a text that a third-party platform shows.
type Grant struct {
	Known, Expired, Used bool
	AppID                string // of an authorisation code: whose it is
}

func look[T any](r *register[T], text string, now time.Time) (Grant, *entry[T]) {
	e := r.entries[text]
	if e == nil {
		return Grant{}, nil
	}
	return Grant{Known: true, Expired: !now.Before(e.expires), Used: e.used}, e
}

// NewTicket makes a ticket.
func (t *Tickets) NewTicket(p *Platform) string {
	text := "ticket@@@" + p.NewToken()[3:]
	t.mu.Lock()
	defer t.mu.Unlock()
	t.tickets.add(text, struct{}{}, p.Now().Add(TicketLife))
	return text
}

// Ticket judges a ticket.
func (t *Tickets) Ticket(text string, now time.Time) Grant {
	t.mu.Lock()
	defer t.mu.Unlock()
	g, _ := look(&t.tickets, text, now)
	return g
}

// Due says whether a ticket is due at a real time, and until when to wait for the next one.
func (t *Tickets) Due(now time.Time, every time.Duration) (due bool, next time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if due = !now.Before(t.next); due {
		t.next = now.Add(every)
	}
	return due, t.next
}

// NewPreAuth makes a pre-authorisation code.
func (t *Tickets) NewPreAuth(p *Platform) string {
	text := "preauthcode@@@" + p.NewToken()[3:]
	t.mu.Lock()
	defer t.mu.Unlock()
	t.preAuth.add(text, struct{}{}, p.Now().Add(PreAuthLife))
	return text
}

// PreAuth judges a pre-authorisation code.
func (t *Tickets) PreAuth(text string, now time.Time) Grant {
	t.mu.Lock()
	defer t.mu.Unlock()
	g, _ := look(&t.preAuth, text, now)
	return g
}

// consent uses a pre-authorisation code up and gives an authorisation code for it; false: the
// code is not good any more.
func (t *Tickets) consent(p *Platform, preAuth, appID string) (code string, expires time.Time, ok bool) {
	now := p.Now()
	code, expires = "queryauthcode@@@"+p.NewToken()[3:], now.Add(ConsentLife)
	t.mu.Lock()
	defer t.mu.Unlock()
	g, e := look(&t.preAuth, preAuth, now)
	if !g.Known || g.Expired || g.Used {
		return "", expires, false
	}
	e.used = true
	t.consents.add(code, appID, expires)
	return code, expires, true
}

// Consent judges an authorisation code.
func (t *Tickets) Consent(text string, now time.Time) Grant {
	t.mu.Lock()
	defer t.mu.Unlock()
	g, e := look(&t.consents, text, now)
	if e != nil {
		g.AppID = e.value
	}
	return g
}

// UseConsent marks an authorisation code as used; false: it was used before.
func (t *Tickets) UseConsent(text string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	e := t.consents.entries[text]
	if e == nil || e.used {
		return false
	}
	e.used = true
	return true
}
