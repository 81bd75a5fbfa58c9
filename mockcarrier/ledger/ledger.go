// Package ledger defines what the mock carrier says it really did: one Entry
// for every SOAP operation it was asked for. The checkers count effects by
// these records, so they share no code with the server (MOCKC-3).
package ledger

import "time"

// Effect is what an operation changed at the carrier.
type Effect string

// The effects of an operation: applied changed something, repeated was
// recognised as a serial already applied and changed nothing, refused was
// turned down by a business rule, none is a read or a failed call.
const (
	EffectApplied  Effect = "applied"
	EffectRepeated Effect = "repeated"
	EffectRefused  Effect = "refused"
	EffectNone     Effect = "none"
)

// Entry is one line of the ledger. It is on disk before the carrier answers.
type Entry struct {
	At     time.Time `json:"at"` // when the effect took place, wall clock
	Op     string    `json:"op"` // SOAP operation, such as OrderProduct
	Serial string    `json:"serial,omitempty"`
	Phone  string    `json:"phone,omitempty"`
	Code   string    `json:"code,omitempty"` // product, package or campaign
	Effect Effect    `json:"effect"`
	// AmountFen is the money that an applied line moved, in fen: above 0 into the balance of
	// the number, below 0 out of it.
	AmountFen int64 `json:"amount_fen,omitempty"`
	// MB is the data that an applied line gave away.
	MB int64 `json:"mb,omitempty"`
	// Effective is when a package begins: now or next, the next month.
	Effective string `json:"effective,omitempty"`
	// Text is what an applied line put on the screen of the phone.
	Text string `json:"text,omitempty"`
	// ClientIP is the address of the subscriber's device, if the caller gave one.
	ClientIP string `json:"client_ip,omitempty"`
	// Answered is false when an injected fault kept the answer from the caller.
	Answered bool `json:"answered"`
	// TookS is how long the caller was kept waiting, in seconds.
	TookS float64 `json:"took_s"`
	// Fault names the injected fault or SOAP fault code, if any.
	Fault string `json:"fault,omitempty"`
}
