package reports

import (
	"context"
	"fmt"
	"math"

	"oalab/reports/plot"
	"oalab/scenarios/account"
	"oalab/scenarios/fairness"
	"oalab/scenarios/history"
)

// The plots of a load of red packets.
const (
	plotGrabs = "packets-answers"
	plotBooks = "packets-books"
)

func packetSheets() []sheet {
	return []sheet{
		{plotGrabs, func(a *history.Arm) bool { return len(history.GrabEvidence.Of(a)) > 0 }, grabsOverTime},
		{plotBooks, func(a *history.Arm) bool { return len(account.PacketSums(a)) > 0 }, booksOverTime},
	}
}

// packets shows what followers heard of red packets, where the units were meanwhile, and what the
// received amounts say of the allocator (SCN-15, REP-6).
func (r *run) packets() section {
	s := section{ID: "packets", Title: "Red packets"}
	for _, e := range r.arms {
		if e.err != nil || !e.has(plotGrabs) {
			continue
		}
		if len(r.arms) > 1 {
			s.heading("Arm " + e.name)
		}
		for _, kind := range []string{plotGrabs, plotBooks} {
			if p := e.plots[kind]; p != nil {
				s.Blocks = append(s.Blocks, block{Plot: p})
			}
		}
		s.amounts(e.arm)
	}
	s.lead("Answers are those that followers heard, each try for itself. The books are read from the database's own view, each time in one snapshot. A packet that has ended " +
		"gives back the shares that were not grabbed.")
	return s
}

// amounts tells what the received amounts show.
func (s *section) amounts(a *history.Arm) {
	hosts := account.PacketHosts(a)
	if len(hosts) == 0 {
		return
	}
	kinds, _ := account.Splits(account.PacketRows(a, hosts[0]))
	allocator := ""
	for _, p := range account.PacketRows(a, hosts[0]) {
		if p.Split != "equal" {
			allocator = p.Split
			break
		}
	}
	findings, err := fairness.ExamineRows(context.Background(), allocator, kinds)
	if err != nil || len(findings) == 0 {
		return
	}
	var rows [][]cell
	for _, f := range findings {
		p := "–"
		if f.HolmP != nil {
			p = fmt.Sprintf("%.3g", *f.HolmP)
		}
		rows = append(rows, row(f.Setting, f.Charge, string(f.Verdict), count(f.Packets), p, f.Sees, f.Detail))
	}
	s.heading("What followers received, divided by " + allocator)
	s.table([]string{"units/shares", "charge", "verdict", "packets#", "p (Holm)#", "would be seen with 90 %", "found"}, rows)
}

// answersEveryS is over how long answers are counted together.
const answersEveryS = 0.25

func grabsOverTime(a *history.Arm) plot.Against {
	f := plot.Against{
		Title: "Answers to followers", Note: "Sold out and grabbed before are answers too. Without an answer: the call was made again.",
		X: "seconds of the load", Y: "answers per second", Bare: true,
	}
	const sent, won, soldOut, before, other, none = "sent", "got a share", "sold out", "grabbed before", "refused otherwise", "no answer"
	names := []string{won, soldOut, before, sent, other, none}
	counts, last := map[string]map[int]float64{}, 0
	for _, c := range history.GrabEvidence.Of(a) {
		name := other
		switch {
		case !account.Final(c):
			name = none
		case c.Status == 200 && c.Event == history.PacketSend:
			name = sent
		case c.Status == 200:
			name = won
		case c.Reason == "sold_out":
			name = soldOut
		case c.Reason == "grabbed":
			name = before
		}
		at := int(math.Floor(a.Seconds(c.EndAt()) / answersEveryS))
		if counts[name] == nil {
			counts[name] = map[int]float64{}
		}
		counts[name][at]++
		last = max(last, at)
	}
	for _, name := range names {
		if counts[name] == nil {
			continue
		}
		line := plot.Line{Name: name}
		for at := range last + 1 {
			line.Points = append(line.Points, plot.XY{X: (float64(at) + 0.5) * answersEveryS, Y: counts[name][at] / answersEveryS})
		}
		f.Lines = append(f.Lines, line)
	}
	return f
}

func booksOverTime(a *history.Arm) plot.Against {
	f := plot.Against{
		Title: "Units in open packets", Note: "What was issued and is in no balance, and what free shares hold: one line over the other, in each snapshot of the books.",
		X: "seconds of the load", Y: "units (MB)", Bare: true,
	}
	hosts := account.PacketHosts(a)
	out, in := plot.Line{Name: "issued and in no balance"}, plot.Line{Name: "in free shares, or redeemed"}
	for _, b := range account.PacketSums(a) {
		if len(hosts) > 0 && b.Host != hosts[0] {
			continue
		}
		s := b.Sums
		out.Points = append(out.Points, plot.XY{X: b.AtS, Y: float64(s[history.BooksIssued] - s[history.BooksBalances])})
		in.Points = append(in.Points, plot.XY{X: b.AtS, Y: float64(s[history.BooksPackets] + s[history.BooksRedeeming] + s[history.BooksRedeemed])})
	}
	f.Lines = []plot.Line{out, in}
	return f
}
