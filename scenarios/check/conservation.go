package check

import (
	"fmt"
	"slices"
	"strings"

	"oalab/scenarios/account"
	"oalab/scenarios/history"
	"oalab/scenarios/stat"
)

// Conservation checks the red packets by what followers heard and by what each database holds
// (CAM-2, CAM-4, CAM-5, SCN-15):
//
//   - No follower has two shares of a packet, or hears two amounts. What a follower heard of is
//     in the rows, and the rows hold nothing that its follower was refused.
//   - A packet that more followers grabbed than it has shares has as many winners as shares, and
//     their amounts sum to the packet's exactly.
//   - What was not grabbed goes back to the sender once, at the end of the packet.
//   - Each balance is what its movements say. Balances, open packets and what was redeemed sum
//     to what was issued, in every snapshot while the load lasts, and in the end.
//
// An answer that never came decides nothing of its share.
type Conservation struct {
	// Least numbers of followers at packets, of packets with more grabbers than shares, of packets
	// that gave something back, and of snapshots of each database; below, the checker is
	// inconclusive.
	Grabbers, SoldOut, Returned, Snapshots int
}

// Name implements Checker.
func (Conservation) Name() string { return "conservation" }

// Check implements Checker.
func (c Conservation) Check(a *history.Arm) Finding {
	j := &packetCase{grabbers: account.Grabbers(a), of: map[string][]int{}}
	for i, g := range j.grabbers {
		j.of[g.ID] = append(j.of[g.ID], i)
		j.heard(g)
	}
	hosts := account.PacketHosts(a)
	for _, host := range hosts {
		j.rows(a, host)
	}
	snapshots := account.PacketSums(a)
	for _, b := range snapshots {
		if off, own := b.Missing(), b.Sums[history.BooksMissing]; off != 0 || own != 0 {
			j.wrong.add("books broken: at %.3f s %s misses %d of %d units, and says %d", b.AtS, b.Host, off, b.Sums[history.BooksIssued], own)
		}
	}
	for _, n := range []struct {
		what      string
		is, least int
	}{
		{"followers at packets", len(j.grabbers), max(c.Grabbers, 1)},
		{"databases read", len(hosts), 1},
		{"packets with more grabbers than shares", j.soldOut, c.SoldOut},
		{"packets that gave something back", j.returned, c.Returned},
	} {
		if n.is < n.least {
			j.open.add("%d %s, %d wanted", n.is, n.what, n.least)
		}
	}
	for _, host := range hosts {
		n := 0
		for _, b := range snapshots {
			n += stat.Indicator(b.Host == host)
		}
		if n < c.Snapshots {
			j.open.add("%d snapshots of the books of %s, %d wanted", n, host, c.Snapshots)
		}
	}
	f := Finding{Checked: len(j.grabbers) + j.packets + len(snapshots)}
	if !f.decide(&j.wrong, &j.open) {
		f.Verdict = history.Pass
		f.Detail = fmt.Sprintf("%d followers at packets, %d with a share; %d packets, %d sold out to more followers than shares, %d with something back; %d snapshots",
			len(j.grabbers), j.winners, j.packets, j.soldOut, j.returned, len(snapshots))
	}
	return f
}

// packetCase is what speaks for and against an arm.
type packetCase struct {
	grabbers []account.Grabber
	of       map[string][]int // grabbers by the packet's id
	wrong    offences
	open     offences

	winners                    int
	packets, soldOut, returned int
}

// heard judges what one follower heard of one packet.
func (j *packetCase) heard(g account.Grabber) {
	j.winners += stat.Indicator(g.Won())
	switch {
	case g.Done > 1:
		j.wrong.add("grabbed twice: %s was given %d shares of packet %s", g.OpenID, g.Done, g.Packet)
	case len(g.Told) > 1:
		j.wrong.add("two amounts: %s heard of %v units of packet %s", g.OpenID, g.Told, g.Packet)
	}
}

// rows judges what one database holds in the end.
func (j *packetCase) rows(a *history.Arm, host string) {
	packets := account.PacketRows(a, host)
	j.packets = max(j.packets, len(packets))
	known, got := map[string]bool{}, map[string]int64{}
	soldOut, returned := 0, 0
	var free int64
	for i := range packets {
		p := &packets[i]
		known[p.ID] = true
		j.packet(p)
		soldOut += stat.Indicator(j.contested(p))
		returned += stat.Indicator(p.Returns > 0)
		for _, s := range p.Shares {
			got[s.OpenID] += s.Units
		}
	}
	free = got[""]
	for _, sent := range account.SentPackets(a) {
		if !known[sent.ID] {
			j.wrong.add("lost packet: %s was told of packet %s, which %s does not have", sent.Sender, sent.Name, host)
		}
	}
	for id, of := range j.of {
		if !known[id] && len(of) > 0 && j.grabbers[of[0]].Won() {
			j.wrong.add("share of nothing: packet %s is not in %s", j.grabbers[of[0]].Packet, host)
		}
	}
	j.balances(a, host, got, free)
	j.soldOut, j.returned = max(j.soldOut, soldOut), max(j.returned, returned)
}

// balances holds each balance against its movements, and all of them against what was issued.
func (j *packetCase) balances(a *history.Arm, host string, got map[string]int64, free int64) {
	var issued, held, redeemed int64
	seen := map[string]bool{}
	for _, b := range history.BalanceEvidence.Of(a) {
		if b.Host != host {
			continue
		}
		seen[b.OpenID] = true
		if want := b.Issued - b.Sent + b.Returned - b.Redeemed + got[b.OpenID]; b.Units != want || b.Units < 0 {
			j.wrong.add("balance wrong: %s has %d units in %s, its movements say %d", b.OpenID, b.Units, host, want)
		}
		issued, held, redeemed = issued+b.Issued, held+b.Units, redeemed+b.Redeemed
	}
	for openID, units := range got {
		if openID != "" && units > 0 && !seen[openID] {
			j.wrong.add("balance lost: %s has %d units of shares and no balance in %s", openID, units, host)
		}
	}
	if issued != held+free+redeemed {
		j.wrong.add("units lost or made: of %d that were issued %s has %d in balances, %d in packets, %d redeemed", issued, host, held, free, redeemed)
	}
}

// contested says whether more followers grabbed a packet than it has shares, and all of them
// were answered, none because its time was over.
func (j *packetCase) contested(p *history.PacketRow) bool {
	of := j.of[p.ID]
	if len(of) <= p.Count {
		return false
	}
	return !slices.ContainsFunc(of, func(i int) bool {
		g := j.grabbers[i]
		return g.Open || slices.Contains(g.Refusals, "ended")
	})
}

// packet holds a packet against what followers heard.
func (j *packetCase) packet(p *history.PacketRow) {
	holders := map[string]int64{}
	var taken, free, told int64
	for _, s := range p.Shares {
		if s.OpenID == "" {
			free += s.Units
			continue
		}
		taken += s.Units
		if _, twice := holders[s.OpenID]; twice {
			j.wrong.add("two shares: %s has them of packet %s in %s", s.OpenID, p.Serial, p.Host)
		}
		holders[s.OpenID] = s.Units
	}
	winners := 0
	for _, i := range j.of[p.ID] {
		g := j.grabbers[i]
		units, has := holders[g.OpenID]
		delete(holders, g.OpenID)
		switch {
		case g.Won() && !has:
			j.wrong.add("lost grab: %s heard of %d units of packet %s, and %s has none", g.OpenID, g.Told[0], p.Serial, p.Host)
		case g.Won() && g.Told[0] != units:
			j.wrong.add("other amount: %s heard of %d units of packet %s, and %s has %d", g.OpenID, g.Told[0], p.Serial, p.Host, units)
		case has && !g.Won() && !g.Open:
			j.wrong.add("untold grab: %s has %d units of packet %s in %s, and was told %s", g.OpenID, units, p.Serial, p.Host, strings.Join(g.Refusals, ", "))
		}
		if g.Won() {
			winners++
			told += g.Told[0]
		}
	}
	for openID := range holders {
		j.wrong.add("share of a stranger: %s has one of packet %s in %s and never grabbed", openID, p.Serial, p.Host)
	}
	if j.contested(p) && (winners != p.Count || told != p.Units) {
		j.wrong.add("winners wrong: %d followers heard of %d units of packet %s, which has %d shares of %d units", winners, told, p.Serial, p.Count, p.Units)
	}
	if taken+free+p.Returned != p.Units {
		j.wrong.add("packet off: %s in %s has %d units taken, %d free, %d back, of %d", p.Serial, p.Host, taken, free, p.Returned, p.Units)
	}
	switch rest := p.Units - taken; {
	case p.Returns > 1:
		j.wrong.add("returned %d times: packet %s in %s", p.Returns, p.Serial, p.Host)
	case p.Returns == 1 && !p.Ended:
		j.wrong.add("returned early: packet %s in %s has not ended", p.Serial, p.Host)
	case p.Returns == 0 && p.Ended && rest > 0:
		j.wrong.add("kept back: packet %s in %s ended with %d units that no follower got", p.Serial, p.Host, rest)
	}
}
