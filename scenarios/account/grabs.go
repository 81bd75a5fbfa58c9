package account

import (
	"cmp"
	"net/http"
	"slices"

	"oalab/scenarios/history"
)

// Grabber is a follower at one packet, with all that this follower was told about a share of it.
type Grabber struct {
	OpenID, Packet string // the packet by its name in the plan
	ID             string // the server's name of the packet
	// Done is how often the follower was told that a share was grabbed now.
	Done int
	// Told are the amounts that the follower was told to have, each once.
	Told []int64
	// Refusals are the words of the refusals, each once, in their order; without grabbed, which
	// tells what the follower has.
	Refusals []string
	// Open says that the last call got no answer. The follower may have a share then.
	Open bool
	// WonS is when the follower first heard of a share, in seconds after base.
	WonS float64
}

// Won says whether the follower was told to have a share.
func (g Grabber) Won() bool { return len(g.Told) > 0 }

// reasonGrabbed is the server's word for a second grab; its answer has the amount of the first.
const reasonGrabbed = "grabbed"

// Final says whether a call was answered: done, or refused for a reason that stays.
func Final(c history.PacketCall) bool {
	return c.Status >= http.StatusOK && c.Status < http.StatusInternalServerError && c.Status != http.StatusTooManyRequests
}

// Grabbers are the followers at the packets of an arm, in the order of their first answers.
func Grabbers(a *history.Arm) []Grabber {
	var out []*Grabber
	type place struct{ packet, openID string }
	known := map[place]*Grabber{}
	for _, c := range history.GrabEvidence.Of(a) {
		if c.Event == history.PacketSend {
			continue
		}
		at := place{c.Packet, c.OpenID}
		g := known[at]
		if g == nil {
			g = &Grabber{OpenID: c.OpenID, Packet: c.Packet, ID: c.ID}
			known[at] = g
			out = append(out, g)
		}
		g.hear(c, a.Seconds(c.EndAt()))
	}
	list := make([]Grabber, 0, len(out))
	for _, g := range out {
		list = append(list, *g)
	}
	return list
}

// hear enters an answer. A follower makes one call after the other, and each answer holds for what
// was asked before.
func (g *Grabber) hear(c history.PacketCall, atS float64) {
	g.Open = !Final(c)
	tell := func() {
		if !g.Won() {
			g.WonS = atS
		}
		if !slices.Contains(g.Told, c.Units) {
			g.Told = append(g.Told, c.Units)
		}
	}
	switch {
	case c.Status == http.StatusOK:
		g.Done++
		tell()
	case c.Reason == reasonGrabbed:
		tell()
	case Final(c) && !slices.Contains(g.Refusals, c.Reason):
		g.Refusals = append(g.Refusals, c.Reason)
	}
}

// SentPacket is a packet that its sender was told to have sent.
type SentPacket struct {
	Name, ID, Sender string
}

// SentPackets are those of an arm, in the order of their answers.
func SentPackets(a *history.Arm) []SentPacket {
	var out []SentPacket
	for _, c := range history.GrabEvidence.Of(a) {
		if c.Event == history.PacketSend && c.Status == http.StatusOK {
			out = append(out, SentPacket{c.Packet, c.ID, c.OpenID})
		}
	}
	return out
}

// PacketHosts are the databases whose packets were read, in order.
func PacketHosts(a *history.Arm) []string {
	var hosts []string
	for _, p := range history.PacketEvidence.Of(a) {
		if !slices.Contains(hosts, p.Host) {
			hosts = append(hosts, p.Host)
		}
	}
	return hosts
}

// PacketRows are the packets of one database.
func PacketRows(a *history.Arm, host string) []history.PacketRow {
	var out []history.PacketRow
	for _, p := range history.PacketEvidence.Of(a) {
		if p.Host == host {
			out = append(out, p)
		}
	}
	return out
}

// PacketBooks are the sums of all books at one moment, in one database.
type PacketBooks struct {
	Host string
	AtS  float64
	Sums map[string]int64 // by the names of history.BooksSeries
}

// Missing is what was issued and is nowhere, by its own sum.
func (b PacketBooks) Missing() int64 {
	s := b.Sums
	return s[history.BooksIssued] - s[history.BooksBalances] - s[history.BooksPackets] - s[history.BooksRedeeming] - s[history.BooksRedeemed]
}

// PacketSums are the readings of the books that are whole, in the order of their moments.
func PacketSums(a *history.Arm) []PacketBooks {
	var out []PacketBooks
	for _, s := range a.Samples {
		host, ok := booksHost(s.Probe)
		if !ok || s.Error != "" {
			continue
		}
		if s.Name == history.BooksSeries()[0] {
			out = append(out, PacketBooks{Host: host, AtS: s.AtS, Sums: map[string]int64{}})
		}
		for _, books := range slices.Backward(out) { // the samples of one look follow each other
			if books.Host == host {
				if books.AtS == s.AtS {
					books.Sums[s.Name] = int64(s.Value)
				}
				break
			}
		}
	}
	out = slices.DeleteFunc(out, func(b PacketBooks) bool { return len(b.Sums) != len(history.BooksSeries()) })
	slices.SortStableFunc(out, func(x, y PacketBooks) int { return cmp.Compare(x.AtS, y.AtS) })
	return out
}

func booksHost(probe string) (host string, ok bool) {
	const prefix = history.ProbeBooks + "."
	if len(probe) <= len(prefix) || probe[:len(prefix)] != prefix {
		return "", false
	}
	return probe[len(prefix):], true
}
