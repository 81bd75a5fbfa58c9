package check

import (
	"fmt"
	"strings"
	"testing"

	"oalab/scenarios/history"
	"oalab/scenarios/lab"
)

// party writes a history of red packets by hand.
type party struct {
	*lab.Lab
	packets  []history.PacketRow
	balances map[string]*history.BalanceRow
}

const partyHost = "db1"

// heard is an answer.
func (p *party) heard(s float64, event, openID, packet string, status int, reason string, units int64) {
	seq := uint64(len(p.Plan))
	p.Plan = append(p.Plan, history.PlannedOp{Seq: seq, DueS: s, Kind: history.KindGrab, OpenID: openID, Event: event, Key: packet})
	p.Operations = append(p.Operations, history.Operation{Seq: seq, StartS: s, LatencyS: 0.1, Status: 200})
	c := history.PacketCall{Seq: seq, Try: 1, At: lab.At(s), TookS: 0.1, Event: event, OpenID: openID, Packet: packet, ID: "id-" + packet, Status: status, Reason: reason, Units: units}
	history.GrabEvidence.Set(p.Arm, append(history.GrabEvidence.Of(p.Arm), c))
}

func (p *party) balance(openID string) *history.BalanceRow {
	if p.balances[openID] == nil {
		p.balances[openID] = &history.BalanceRow{Host: partyHost, OpenID: openID}
	}
	return p.balances[openID]
}

// sold is a packet of two shares that three followers grab, as it should be.
func (p *party) sold(s float64, name string) {
	sender := p.balance("oS" + name)
	*sender = history.BalanceRow{Host: partyHost, OpenID: sender.OpenID, Units: 90, Issued: 100, Sent: 10}
	p.heard(s, history.PacketSend, sender.OpenID, name, 200, "", 0)
	row := history.PacketRow{Host: partyHost, ID: "id-" + name, Serial: name, Sender: sender.OpenID, Split: "simplex", Units: 10, Count: 2}
	for i, units := range []int64{3, 7} {
		who := fmt.Sprintf("o%s-%d", name, i)
		p.heard(s+1, history.PacketGrab, who, name, 200, "", units)
		p.balance(who).Units += units
		row.Shares = append(row.Shares, history.ShareRow{Position: i, Units: units, OpenID: who})
	}
	p.heard(s+2, history.PacketGrab, "o"+name+"-2", name, 409, "sold_out", 0)
	p.heard(s+3, history.PacketAgain, "o"+name+"-0", name, 409, "grabbed", 3)
	p.packets = append(p.packets, row)
}

// ended is a packet of two shares of which one went back, as it should be.
func (p *party) ended(s float64, name string) {
	sender := p.balance("oS" + name)
	*sender = history.BalanceRow{Host: partyHost, OpenID: sender.OpenID, Units: 97, Issued: 100, Sent: 10, Returned: 7}
	p.heard(s, history.PacketSend, sender.OpenID, name, 200, "", 0)
	who := "o" + name
	p.heard(s+1, history.PacketGrab, who, name, 200, "", 3)
	p.balance(who).Units += 3
	p.heard(s+9, history.PacketGrab, "oLate"+name, name, 409, "ended", 0)
	p.packets = append(p.packets, history.PacketRow{
		Host: partyHost, ID: "id-" + name, Serial: name, Sender: sender.OpenID, Split: "simplex", Units: 10, Count: 2, Ended: true, Returns: 1, Returned: 7,
		Shares: []history.ShareRow{{Units: 3, OpenID: who}},
	})
}

// look is a snapshot of the books.
func (p *party) look(s float64, issued, balances, packets, missing float64) {
	for i, v := range []float64{issued, balances, packets, 0, 0, missing} {
		p.Samples = append(p.Samples, history.Sample{AtS: s, Probe: history.ProbeBooks + "." + partyHost, Name: history.BooksSeries()[i], Value: v})
	}
}

// close writes the rows.
func (p *party) close() *history.Arm {
	history.PacketEvidence.Set(p.Arm, p.packets)
	var rows []history.BalanceRow
	for _, b := range p.balances {
		rows = append(rows, *b)
	}
	history.BalanceEvidence.Set(p.Arm, rows)
	return p.Arm
}

func TestConservation(t *testing.T) {
	for _, tc := range []struct {
		name   string
		judge  Conservation
		more   func(*party)
		want   history.Verdict
		broken int
		detail string
	}{
		{"as it should be", Conservation{Grabbers: 5, SoldOut: 1, Returned: 1, Snapshots: 1}, nil, history.Pass, 0, "5 followers at packets, 3 with a share; 2 packets, 1 sold out to more followers than shares, 1 with something back; 1 snapshots"},
		{"too few", Conservation{Grabbers: 6, SoldOut: 2, Returned: 2, Snapshots: 2}, nil, history.Inconclusive, 0, "5 followers at packets, 6 wanted"},
		{"two shares", Conservation{}, func(p *party) {
			p.heard(5, history.PacketAgain, "oA-0", "A", 200, "", 3)
		}, history.Fail, 1, "grabbed twice: oA-0 was given 2 shares of packet A"},
		{"two amounts", Conservation{}, func(p *party) {
			p.heard(5, history.PacketAgain, "oA-0", "A", 409, "grabbed", 4)
		}, history.Fail, 1, "two amounts: oA-0 heard of [3 4] units"},
		{"a lost grab", Conservation{}, func(p *party) {
			p.packets[0].Shares[1].OpenID = ""
			p.balance("oA-1").Units = 0
		}, history.Fail, 1, "lost grab: oA-1 heard of 7 units of packet A, and db1 has none"},
		{"another amount", Conservation{}, func(p *party) {
			p.packets[0].Shares[0].Units, p.packets[0].Shares[1].Units = 4, 6
			p.balance("oA-0").Units, p.balance("oA-1").Units = 4, 6
		}, history.Fail, 2, "other amount: oA-0 heard of 3 units of packet A, and db1 has 4"},
		{"refused and has a share", Conservation{}, func(p *party) {
			p.packets[1].Shares = append(p.packets[1].Shares, history.ShareRow{Position: 1, Units: 7, OpenID: "oLateB"})
			p.packets[1].Returns, p.packets[1].Returned = 0, 0
			p.balance("oSB").Returned, p.balance("oSB").Units = 0, 90
			p.balance("oLateB").Units = 7
		}, history.Fail, 1, "untold grab: oLateB has 7 units of packet B in db1, and was told ended"},
		{"no answer and has a share", Conservation{}, func(p *party) {
			p.heard(10, history.PacketGrab, "oX", "B", 0, "", 0)
			p.packets[1].Shares = append(p.packets[1].Shares, history.ShareRow{Position: 1, Units: 7, OpenID: "oX"})
			p.packets[1].Returns, p.packets[1].Returned = 0, 0
			p.balance("oSB").Returned, p.balance("oSB").Units = 0, 90
			p.balance("oX").Units = 7
		}, history.Pass, 0, "6 followers at packets"},
		{"a share of a stranger", Conservation{}, func(p *party) {
			p.packets[1].Shares = append(p.packets[1].Shares, history.ShareRow{Position: 1, Units: 0, OpenID: "oB#1"})
		}, history.Fail, 1, "share of a stranger: oB#1 has one of packet B"},
		{"sold out with one winner", Conservation{}, func(p *party) {
			p.packets[1].Count = 1
			p.packets[0].Count, p.packets[0].Shares = 1, p.packets[0].Shares[:1]
			p.heard(10, history.PacketGrab, "oY", "A", 409, "sold_out", 0)
		}, history.Fail, 4, "lost grab: oA-1"},
		{"returned twice", Conservation{}, func(p *party) {
			p.packets[1].Returns, p.packets[1].Returned = 2, 14
			p.balance("oSB").Returned, p.balance("oSB").Units = 14, 104
		}, history.Fail, 3, "packet off: B in db1 has 3 units taken, 0 free, 14 back, of 10; returned 2 times: packet B in db1; units lost or made: of 200"},
		{"kept back", Conservation{}, func(p *party) {
			p.packets[1].Returns, p.packets[1].Returned = 0, 0
			p.balance("oSB").Returned, p.balance("oSB").Units = 0, 90
		}, history.Fail, 3, "kept back: packet B in db1 ended with 7 units that no follower got"},
		{"a balance without a movement", Conservation{}, func(p *party) {
			p.balance("oA-0").Units++
		}, history.Fail, 2, "balance wrong: oA-0 has 4 units in db1, its movements say 3"},
		{"a lost packet", Conservation{}, func(p *party) {
			p.heard(5, history.PacketSend, "oSA", "C", 200, "", 0)
		}, history.Fail, 1, "lost packet: oSA was told of packet C"},
		{"books broken for an instant", Conservation{}, func(p *party) { p.look(6, 200, 190, 9, 1) }, history.Fail, 1, "books broken: at 6.000 s db1 misses 1 of 200 units"},
		{"books that only seem to be whole", Conservation{}, func(p *party) { p.look(6, 200, 190, 9, 0) }, history.Fail, 1, "misses 1 of 200 units, and says 0"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := &party{Lab: lab.New(), balances: map[string]*history.BalanceRow{}}
			p.sold(1, "A")
			p.ended(1, "B")
			p.look(3, 200, 190, 10, 0)
			if tc.more != nil {
				tc.more(p)
			}
			f := tc.judge.Check(p.close())
			if f.Verdict != tc.want || f.Violations != tc.broken || !strings.Contains(f.Detail, tc.detail) {
				t.Errorf("%s, %d violations: %s\nwant %s, %d: %s", f.Verdict, f.Violations, f.Detail, tc.want, tc.broken, tc.detail)
			}
		})
	}
}

func TestConservationWithoutEvidence(t *testing.T) {
	if f := (Conservation{}).Check(lab.New().Arm); f.Verdict != history.Inconclusive {
		t.Errorf("nothing was recorded: %+v", f)
	}
}
