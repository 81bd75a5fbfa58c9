package history

import "time"

// TokenReadEvidence are the reads of tokens at control nodes, as the readers met them. Only an
// arm with a load of token reads has it (SCN-12).
var TokenReadEvidence = declare[TokenRead]("tokenreads")

// The ways of a read.
const (
	// WayGRPC and WayHTTP ask a control node, over one or the other.
	WayGRPC = "grpc"
	WayHTTP = "http"
	// WayKept is an app server's: it keeps what it was given for as long as it may be used.
	WayKept = "kept"
)

// TokenRead is one read: one line of ledgers/tokenreads.jsonl.
type TokenRead struct {
	Seq     uint64    `json:"seq"`
	At      time.Time `json:"at"`     // when it began, wall clock
	TookS   float64   `json:"took_s"` // until the token was there, or the reader gave up
	Account string    `json:"account"`
	Way     string    `json:"way"` // grpc, http, kept
	// Token is the digest of the token, as the platform's ledger names it; "": there came none.
	Token   string `json:"token,omitempty"`
	Version int64  `json:"version,omitempty"`
	// LeftS is for how long it may be used, as the reader was told, in seconds.
	LeftS float64 `json:"left_s,omitempty"`
	Error string  `json:"error,omitempty"` // why no token came
}

// EndAt is when the reader had the token, or gave up.
func (r TokenRead) EndAt() time.Time { return r.At.Add(time.Duration(r.TookS * float64(time.Second))) }
