// Package packet owns the red packets of mobile data (CAM-2 to CAM-6): what followers send, grab
// and get back, the daily system packet, and the answers when something is refused. It knows
// what a balance is, not where one is kept, and takes who a follower is from the login.
package packet

import (
	"context"
	"errors"
	"time"
)

// Packet is a red packet as its sender makes it. Amounts are in units of 1 MB.
type Packet struct {
	// ID is random, so that it is known to those alone who were given it.
	ID string
	// Account and Sender are who pays.
	Account, Sender string
	// Serial is the sender's own name for it: one packet for each.
	Serial string
	// Split says how the shares were made: SplitEqual or the name of an allocator.
	Split string
	// Shares are the amounts in the order in which they are given away.
	Shares []int
	// Taker is the only follower who may grab; "" for every follower but the sender.
	Taker string
	// Wish is what the sender says with it.
	Wish string
	// Life is for how long after its making it can be grabbed, by the database's clock.
	Life time.Duration
}

// Units is what the packet holds.
func (p Packet) Units() int64 {
	var sum int64
	for _, s := range p.Shares {
		sum += int64(s)
	}
	return sum
}

// SplitEqual makes all shares the same.
const SplitEqual = "equal"

// Stored is a packet as one follower may see it.
type Stored struct {
	ID, Sender, Split, Taker, Wish string
	// Units and Shares are those of its beginning, Taken how many shares were grabbed.
	Units         int64
	Shares, Taken int
	Began, Ends   time.Time
	// Over says that its time has passed, by the database's clock.
	Over bool
	// Has says that this follower has a share, and Mine how much that is; some shares are 0.
	Has  bool
	Mine int64
}

// Movement is a line of a follower's history.
type Movement struct {
	// Out and In are the books that the units went out of and into.
	Out, In Book
	Units   int64
	// Packet is the packet that it belongs to; "" for none.
	Packet string
	// Serial names it among those of its follower; "" for a grab.
	Serial string
	At     time.Time
}

// Book is where units are.
type Book string

// The books.
const (
	BookIssued    Book = "issued"    // where all units come from
	BookBalance   Book = "balance"   // of a follower
	BookPacket    Book = "packet"    // open packets
	BookRedeeming Book = "redeeming" // on the way to a phone
	BookRedeemed  Book = "redeemed"
)

// Books are the sums over all followers, in one snapshot (CAM-5).
type Books struct {
	Issued    int64 `db:"issued" json:"issued"`
	Balances  int64 `db:"balances" json:"balances"`
	Packets   int64 `db:"packets" json:"packets"`
	Redeeming int64 `db:"redeeming" json:"redeeming"`
	Redeemed  int64 `db:"redeemed" json:"redeemed"`
	// Missing is what was issued and is nowhere. It is 0.
	Missing int64 `db:"missing" json:"missing"`
}

// Returned is what a packet gave back at its end.
type Returned struct {
	// First says that this call ended the packet.
	First           bool
	Account, Sender string
	Units           int64
	Shares          int
}

// Errors of a Store. Nothing was changed then.
var (
	// ErrNoPacket: the account has no such packet.
	ErrNoPacket = errors.New("no such packet")
	// ErrOwn: senders do not grab their own packets.
	ErrOwn = errors.New("the sender's own packet")
	// ErrNotForYou: the packet is for another follower.
	ErrNotForYou = errors.New("a packet for another follower")
	// ErrGrabbed: the follower has a share already.
	ErrGrabbed = errors.New("grabbed before")
	// ErrSoldOut: every share was grabbed.
	ErrSoldOut = errors.New("sold out")
	// ErrEnded: the packet's time has passed.
	ErrEnded = errors.New("ended")
	// ErrBusy: all shares that are left are being grabbed at this moment.
	ErrBusy = errors.New("all shares are being grabbed")
	// ErrPoor: the balance does not suffice.
	ErrPoor = errors.New("the balance does not suffice")
	// ErrSerialUsed: the serial names another packet of this sender.
	ErrSerialUsed = errors.New("the serial is that of another packet")
	// ErrRepeated: the serial was issued before.
	ErrRepeated = errors.New("issued before")
)

// Store keeps the books. Each method is one transaction; the clock is the database's. Its
// methods are safe for concurrent use, by several processes too.
type Store interface {
	// Clock is the database's time.
	Clock(ctx context.Context) (time.Time, error)
	// Issue puts new units into a balance, once for each serial of a follower; ErrRepeated
	// otherwise.
	Issue(ctx context.Context, account, openid, serial string, units int64) error
	// Send moves the units of a packet out of its sender's balance. The same packet again
	// changes nothing and returns the first one. Errors: ErrPoor, ErrSerialUsed.
	Send(ctx context.Context, p Packet) (sent Stored, err error)
	// Grab gives a follower the first share without a taker, in the order of the shares.
	// Errors: ErrNoPacket, ErrOwn, ErrNotForYou, ErrGrabbed, ErrSoldOut, ErrEnded, ErrBusy;
	// with ErrGrabbed it returns what the follower has.
	Grab(ctx context.Context, account, id, openid string) (units int64, err error)
	// Look returns a packet as a follower sees it, or ErrNoPacket.
	Look(ctx context.Context, account, id, openid string) (Stored, error)
	// Balance is what a follower has; 0 for one who never had anything.
	Balance(ctx context.Context, account, openid string) (int64, error)
	// History returns a follower's movements before a time, the latest first. It leaves no
	// gap: of one millisecond it returns all or none.
	History(ctx context.Context, account, openid string, before time.Time, limit int) ([]Movement, error)
	// Redeem moves units out of a balance, on the way to a phone. The same redemption again changes
	// nothing. Errors: ErrPoor, ErrSerialUsed.
	Redeem(ctx context.Context, r Redemption) error
	// Due are packets whose time has passed and that were not returned, the oldest first.
	Due(ctx context.Context, limit int) (ids []string, err error)
	// Return ends a packet whose time has passed, and gives its sender what was not grabbed
	// (CAM-4). Of all calls one is the first; the others change nothing.
	Return(ctx context.Context, id string) (Returned, error)
}
