package mockcarrier

import (
	"hash/fnv"
	"sync"

	"oalab/mockcarrier/ledger"
	"oalab/server/carrier"
)

// book is what the carrier knows of serials. The decision whether a serial
// takes effect, its line in the ledger and its new state are one step under one
// lock, so calls with the same serial at the same time apply it once.
type book struct {
	max int

	mu      sync.Mutex
	serials map[key]*record
}

// key is a serial of an operation: each operation numbers its own.
type key struct{ op, serial string }

type record struct {
	body    uint64 // digest of what came with the serial; 0 is not known
	pending int    // calls that arrived and are not settled
	applied bool
	refused carrier.Code // for good, when not applied
}

func newBook(maxSerials int) *book {
	return &book{max: maxSerials, serials: map[key]*record{}}
}

// digest identifies a body.
func digest(parts ...string) uint64 {
	h := fnv.New64a()
	for _, p := range parts {
		_, _ = h.Write([]byte(p)) // never fails
		_, _ = h.Write([]byte{0})
	}
	return h.Sum64() | 1 // never the "not known" of a record
}

// restore takes over what a ledger of before says was applied. Refusals are not
// restored: the rules that led to them say the same again.
func (b *book) restore(lines []ledger.Entry) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, l := range lines {
		if l.Serial == "" || l.Effect != ledger.EffectApplied {
			continue
		}
		b.serials[key{l.Op, l.Serial}] = &record{applied: true, body: questionIn(l).body()}
	}
}

// claim is one call's hold on a serial, from its arrival until it is settled.
type claim struct {
	book   *book
	key    key
	record *record
}

// arrive registers a serial as being processed. A code other than CodeOK
// refuses the call, without a claim.
func (b *book) arrive(k key, body uint64, dedup bool) (*claim, carrier.Code) {
	b.mu.Lock()
	defer b.mu.Unlock()
	r := b.serials[k]
	switch {
	case r == nil && len(b.serials) >= b.max:
		return nil, carrier.CodeBusy
	case r == nil:
		r = &record{body: body}
		b.serials[k] = r
	case dedup && r.body != 0 && r.body != body:
		return nil, carrier.CodeSerialReused
	}
	r.pending++
	return &claim{book: b, key: k, record: r}, carrier.CodeOK
}

// apply settles a claim by an effect, times times, each with a line of its own, or by none
// when dedup recognises the serial. allowed says, under the lock of all effects, whether the
// next one can take place; a code other than CodeOK refuses the call when none has. An error
// of write is no effect.
func (cl *claim) apply(times int, dedup bool, allowed func() carrier.Code, write func(ledger.Effect) error) (carrier.Code, error) {
	cl.book.mu.Lock()
	defer cl.book.mu.Unlock()
	defer cl.settle()
	r := cl.record
	switch {
	case dedup && r.applied:
		return carrier.CodeOK, write(ledger.EffectRepeated)
	case dedup && r.refused != "":
		return r.refused, write(ledger.EffectRefused)
	}
	for i := range times {
		if code := allowed(); code != carrier.CodeOK {
			return cl.turnDown(code, i > 0, write)
		}
		if err := write(ledger.EffectApplied); err != nil {
			return "", err
		}
		r.applied, r.refused = true, ""
	}
	return carrier.CodeOK, nil
}

// turnDown refuses an effect, under the lock, unless one took place in this call.
func (cl *claim) turnDown(code carrier.Code, done bool, write func(ledger.Effect) error) (carrier.Code, error) {
	if done {
		return carrier.CodeOK, nil
	}
	effect := ledger.EffectNone // of trouble that passes: the serial is not touched
	if code.Final() {
		effect = ledger.EffectRefused
	}
	if err := write(effect); err != nil {
		return "", err
	}
	if code.Final() && !cl.record.applied {
		cl.record.refused = code
	}
	return code, nil
}

// refuse settles a claim by a refusal. What was applied before stays so, and is
// what the caller is told.
func (cl *claim) refuse(code carrier.Code, dedup bool, write func(ledger.Effect) error) (carrier.Code, error) {
	cl.book.mu.Lock()
	defer cl.book.mu.Unlock()
	defer cl.settle()
	if dedup && cl.record.applied {
		return carrier.CodeOK, write(ledger.EffectRepeated)
	}
	return cl.turnDown(code, false, write)
}

// drop settles a claim by nothing at all; a nil claim has nothing to settle.
func (cl *claim) drop() {
	if cl == nil {
		return
	}
	cl.book.mu.Lock()
	defer cl.book.mu.Unlock()
	cl.settle()
}

// settle ends the claim and forgets a serial that left no trace.
func (cl *claim) settle() {
	r := cl.record
	r.pending--
	if r.pending == 0 && !r.applied && r.refused == "" {
		delete(cl.book.serials, cl.key)
	}
}

// state tells what became of a serial.
func (b *book) state(k key) (carrier.State, carrier.Code) {
	b.mu.Lock()
	defer b.mu.Unlock()
	r := b.serials[k]
	switch {
	case r == nil:
		return carrier.StateUnknown, ""
	case r.applied:
		return carrier.StateApplied, ""
	case r.pending > 0:
		return carrier.StateProcessing, ""
	}
	return carrier.StateRefused, r.refused
}
