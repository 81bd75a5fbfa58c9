package workload

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"

	"oalab/scenarios/history"
	"oalab/scenarios/load/profile"
)

// PacketKind is what packets are divided into.
type PacketKind struct {
	Units, Shares int
	// Equal makes all shares the same. Otherwise they are random.
	Equal bool
}

// Packets is a load of followers who send red packets and grab shares of them (SCN-15). First
// some packets are sent, then one of them is grabbed at full speed, then all others.
type Packets struct {
	// Hot is the packet that Grabbers followers grab one after the other, each once. Without
	// shares there is none.
	Hot      PacketKind
	Grabbers int
	// Before is how many arrivals send packets before the first grab.
	Before int
	// Kinds are those of all other packets, in turns.
	Kinds []PacketKind
	// Lead is how many arrivals at least lie between a packet and its first grab, and between
	// a grab and its repeat.
	Lead int
	// Left is the share of the other packets whose last share is not grabbed. Of the rest a
	// half is grabbed once too often.
	Left float64
	// Again is the share of the grabs that their followers repeat.
	Again float64
}

// AtShare is the load with that share of its arrivals. nil stays nil.
func (l *Packets) AtShare(share float64) *Packets {
	if l == nil {
		return nil
	}
	fewer := *l
	fewer.Grabbers, fewer.Before, fewer.Lead = int(float64(l.Grabbers)*share), int(float64(l.Before)*share), int(float64(l.Lead)*share)
	return &fewer
}

// packetsEach is how many packets a follower sends at most: fewer than a server takes from one
// follower in a minute.
const packetsEach = 8

// packetPlan makes the operations of a load of red packets.
type packetPlan struct {
	load    Packets
	pop     Population
	rng     *rand.Rand
	sent    int // packets so far
	grabber int // whose turn it is
	waiting []pending
	ready   []history.PlannedOp
}

// pending is an operation that must not come before an arrival.
type pending struct {
	from int
	op   history.PlannedOp
}

// PlanPackets makes the operations of a load of red packets: one for each arrival of the
// profile. It depends on its arguments alone. A follower either sends or grabs, and has one share
// of a packet at most.
func PlanPackets(seed uint64, l Packets, pop Population, p profile.Profile) ([]history.PlannedOp, error) {
	if err := pop.validate(); err != nil {
		return nil, fmt.Errorf("plan: %w", err)
	}
	count := profile.Count(p)
	if err := fits(count); err != nil {
		return nil, err
	}
	ops := make([]history.PlannedOp, count)
	if err := schedule(ops, p); err != nil {
		return nil, err
	}
	pl := &packetPlan{load: l, pop: pop, rng: rand.New(rand.NewPCG(seed, 'p'))}
	for i := range ops {
		op, err := pl.next(i, len(ops)-i)
		if err != nil {
			return nil, fmt.Errorf("plan: operation %d: %w", i, err)
		}
		op.Seq, op.DueS, op.Kind = uint64(i), ops[i].DueS, history.KindGrab
		ops[i] = op
	}
	if senders := (pl.sent + packetsEach - 1) / packetsEach; senders+l.Grabbers > pop.Size {
		return nil, fmt.Errorf("plan: %d senders and %d grabbers are more than %d followers: add followers", senders, l.Grabbers, pop.Size)
	}
	return ops, nil
}

// next is the operation of arrival i, of which left are left with it.
func (pl *packetPlan) next(i, left int) (history.PlannedOp, error) {
	l := pl.load
	hot := l.Hot.Shares > 0
	switch {
	case i == 0 && hot:
		return pl.send(l.Hot)
	case i < l.Before:
		return pl.sendNext(i)
	case hot && i < l.Before+l.Grabbers:
		op := history.PlannedOp{Event: history.PacketGrab, OpenID: pl.pop.OpenID(i - l.Before), Key: packetName(0)}
		pl.repeat(i, op)
		return op, nil
	}
	for len(pl.waiting) > 0 && pl.waiting[0].from <= i {
		pl.ready = append(pl.ready, pl.waiting[0].op)
		pl.waiting = pl.waiting[1:]
	}
	// The last arrivals grab what is there.
	room := left - len(pl.waiting) - len(pl.ready)
	if kind := l.Kinds[pl.sent%len(l.Kinds)]; len(pl.ready) == 0 || room > 2*kind.Shares && pl.rng.IntN(kind.Shares+2) == 0 {
		return pl.sendNext(i)
	}
	at := pl.rng.IntN(len(pl.ready))
	op := pl.ready[at]
	pl.ready[at] = pl.ready[len(pl.ready)-1]
	pl.ready = pl.ready[:len(pl.ready)-1]
	pl.repeat(i, op)
	return op, nil
}

// repeat lets a follower grab once more, perhaps.
func (pl *packetPlan) repeat(i int, op history.PlannedOp) {
	if op.Event == history.PacketGrab && pl.rng.Float64() < pl.load.Again {
		op.Event = history.PacketAgain
		pl.waiting = append(pl.waiting, pending{i + pl.load.Lead, op})
	}
}

// sendNext sends a packet and plans its grabs.
func (pl *packetPlan) sendNext(i int) (history.PlannedOp, error) {
	kind := pl.load.Kinds[pl.sent%len(pl.load.Kinds)]
	grabs := kind.Shares
	switch x := pl.rng.Float64(); {
	case x < pl.load.Left:
		grabs--
	case pl.load.Left > 0 && x < (1+pl.load.Left)/2:
		grabs++
	}
	name := packetName(pl.sent)
	for range grabs {
		op := history.PlannedOp{Event: history.PacketGrab, OpenID: pl.pop.OpenID(pl.grabber % pl.load.Grabbers), Key: name}
		pl.grabber++
		pl.waiting = append(pl.waiting, pending{i + pl.load.Lead, op})
	}
	return pl.send(kind)
}

// packetName is the name of a packet in the plan, and its serial.
func packetName(n int) string { return fmt.Sprintf("p%d", n) }

func (pl *packetPlan) send(kind PacketKind) (history.PlannedOp, error) {
	name, split := packetName(pl.sent), "random"
	if kind.Equal {
		split = "equal"
	}
	body, err := json.Marshal(map[string]any{"serial": name, "kind": split, "units": kind.Units, "shares": kind.Shares})
	sender := pl.pop.OpenID(pl.pop.Size - 1 - pl.sent/packetsEach)
	pl.sent++
	return history.PlannedOp{Event: history.PacketSend, OpenID: sender, Key: name, Text: string(body)}, err
}
