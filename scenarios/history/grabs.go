package history

import "time"

// The evidence of an arm with a load of red packets (SCN-15): what followers heard, and what
// each database holds when all packets have ended or the time for it is over.
var (
	// GrabEvidence are the calls that followers made, each with the answer that came.
	GrabEvidence = declare[PacketCall]("grabs")
	// PacketEvidence are the packets with their shares.
	PacketEvidence = declare[PacketRow]("packets")
	// BalanceEvidence are the balances of followers beside their ledger.
	BalanceEvidence = declare[BalanceRow]("balances")
)

// What an operation of a load of red packets does: the event of a planned operation.
const (
	// PacketSend sends a packet.
	PacketSend = "send"
	// PacketGrab grabs a share of one.
	PacketGrab = "grab"
	// PacketAgain grabs once more, by a follower who has done so before.
	PacketAgain = "again"
)

// PacketCall is one call with its answer: one line of ledgers/grabs.jsonl. An operation that
// is not answered, or told to come later, calls again.
type PacketCall struct {
	Seq    uint64    `json:"seq"`
	Try    int       `json:"try"` // from 1
	At     time.Time `json:"at"`  // when it was sent, wall clock
	TookS  float64   `json:"took_s"`
	Event  string    `json:"event"` // send, grab, again
	OpenID string    `json:"openid"`
	Packet string    `json:"packet"`       // its name in the plan, which is its serial
	ID     string    `json:"id,omitempty"` // the server's name of it
	Status int       `json:"status"`       // 0: no answer came
	// Reason is the server's word for a refusal.
	Reason string `json:"reason,omitempty"`
	// Units is what the follower was told to have, of a grab that was done or done before.
	Units int64  `json:"units"`
	Error string `json:"error,omitempty"` // why no answer came
}

// EndAt is when the answer was there.
func (c PacketCall) EndAt() time.Time { return c.At.Add(time.Duration(c.TookS * float64(time.Second))) }

// PacketRow is a packet as a database holds it: one line of ledgers/packets.jsonl.
type PacketRow struct {
	Host   string     `json:"host"` // of the database
	ID     string     `json:"id"`
	Sender string     `json:"sender"`
	Serial string     `json:"serial"`
	Split  string     `json:"split"` // equal, or the name of an allocator
	Units  int64      `json:"units"`
	Count  int        `json:"count"` // of the shares when it was sent
	Ended  bool       `json:"ended"`
	Shares []ShareRow `json:"shares"` // those that are there; the end of a packet removes the free ones
	// Returns is how often something went back to the sender, and Returned how much in all.
	Returns  int   `json:"returns"`
	Returned int64 `json:"returned"`
}

// ShareRow is a share of a packet.
type ShareRow struct {
	Position int    `json:"position"` // from 0, in the order in which they are given
	Units    int64  `json:"units"`
	OpenID   string `json:"openid,omitempty"` // who has it; "": it is free
}

// BalanceRow is what a follower has: one line of ledgers/balances.jsonl.
type BalanceRow struct {
	Host     string `json:"host"`
	OpenID   string `json:"openid"`
	Units    int64  `json:"units"`
	Issued   int64  `json:"issued"`   // by the system
	Sent     int64  `json:"sent"`     // into packets
	Returned int64  `json:"returned"` // out of packets that ended
	Redeemed int64  `json:"redeemed"` // out of the balance to a phone, or on the way
}

// The probe of the books, one for each database: its name is followed by a dot and the host. It
// reads all sums in one snapshot, while the load lasts.
const (
	ProbeBooks = "books"
	// The series, in units. BooksMissing is the database's own difference of the others.
	BooksIssued    = "issued"
	BooksBalances  = "balances"
	BooksPackets   = "packets"
	BooksRedeeming = "redeeming"
	BooksRedeemed  = "redeemed"
	BooksMissing   = "missing"
)

// BooksSeries are the series in the order of the columns of the view.
func BooksSeries() []string {
	return []string{BooksIssued, BooksBalances, BooksPackets, BooksRedeeming, BooksRedeemed, BooksMissing}
}
