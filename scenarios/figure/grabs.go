package figure

import (
	"oalab/scenarios/account"
	"oalab/scenarios/history"
	"oalab/scenarios/stat"
)

// grabRows is what followers got of red packets.
var grabRows = []Row{
	{Name: "packets_sent", Unit: UnitCount, Words: "packets that their senders were told to have sent"},
	{Name: "grabbers", Unit: UnitCount, Words: "followers at packets, each packet for itself"},
	{Name: "winners", Unit: UnitCount, Words: "of them, those who heard of a share"},
	{Name: "winners_hot", Unit: UnitCount, Words: "followers who heard of a share of the packet that most grabbed"},
	{Name: "shares_doubled", Unit: UnitCount, Words: "followers who were given more than one share of a packet", Better: Lower},
	{Name: "calls_failed", Unit: UnitCount, Words: "calls that got no answer, or were told to come later, and were made again", Better: Lower, Time: ByMachine},
	{Name: "grabs_hot_per_s", Unit: UnitRate, Words: "answers to grabs of the packet that most grabbed, per second from the first to the last", Better: Higher, Time: ByMachine},
	{Name: "winner_told_p99_s", Unit: UnitSeconds, Words: "from when a grab was due until the follower heard of the share, 99 of 100", Better: Lower, Time: ByMachine},
	{Name: "books_snapshots", Unit: UnitCount, Words: "snapshots of the books while the load lasted"},
	{Name: "books_missing", Unit: "units", Words: "most that was missing in any snapshot of the books, either way", Better: Lower},
	{Name: "packets_returned", Unit: UnitCount, Words: "packets that gave something back to their senders"},
	{Name: "units_returned", Unit: "units", Words: "what they gave back"},
}

// grabs adds the figures of an arm with a load of red packets.
func (r *reckoning) grabs() {
	grabbers := account.Grabbers(r.arm)
	if len(grabbers) == 0 {
		return
	}
	winners, doubled := 0, 0
	won, at := map[string]int{}, map[string]int{}
	for _, g := range grabbers {
		at[g.Packet]++
		if g.Won() {
			winners++
			won[g.Packet]++
		}
		doubled += stat.Indicator(g.Done > 1)
	}
	hot := ""
	for packet, n := range at {
		if n > at[hot] || n == at[hot] && packet < hot {
			hot = packet
		}
	}
	r.count("packets_sent", len(account.SentPackets(r.arm)), len(account.SentPackets(r.arm)))
	r.count("grabbers", len(grabbers), len(grabbers))
	r.count("winners", winners, len(grabbers))
	r.count("winners_hot", won[hot], at[hot])
	r.count("shares_doubled", doubled, len(grabbers))
	r.answers(hot)
	sums := account.PacketSums(r.arm)
	var missing int64
	for _, b := range sums {
		missing = max(missing, b.Missing(), -b.Missing(), b.Sums[history.BooksMissing], -b.Sums[history.BooksMissing])
	}
	r.count("books_snapshots", len(sums), len(sums))
	if len(sums) > 0 {
		r.add("books_missing", float64(missing), len(sums))
	}
	if hosts := account.PacketHosts(r.arm); len(hosts) > 0 {
		rows, returned := account.PacketRows(r.arm, hosts[0]), 0
		var units int64
		for i := range rows {
			returned += stat.Indicator(rows[i].Returns > 0)
			units += rows[i].Returned
		}
		r.count("packets_returned", returned, len(rows))
		r.add("units_returned", float64(units), returned)
	}
}

// answers adds the figures of single calls, and the rate at the hot packet.
func (r *reckoning) answers(hot string) {
	due := map[uint64]float64{}
	for _, op := range r.arm.Plan {
		due[op.Seq] = op.DueS
	}
	failed, all, answered := 0, 0, 0
	first, last := 0.0, 0.0
	var told []float64
	for _, c := range history.GrabEvidence.Of(r.arm) {
		all++
		if !account.Final(c) {
			failed++
			continue
		}
		if c.Event != history.PacketGrab {
			continue
		}
		end := r.arm.Seconds(c.EndAt())
		if c.Status == 200 {
			told = append(told, end-due[c.Seq])
		}
		if c.Packet == hot {
			if answered == 0 {
				first = r.arm.Seconds(c.At)
			}
			answered++
			first, last = min(first, r.arm.Seconds(c.At)), max(last, end)
		}
	}
	r.count("calls_failed", failed, all)
	if last > first {
		r.add("grabs_hot_per_s", float64(answered)/(last-first), answered)
	}
	if len(told) > 0 {
		r.add("winner_told_p99_s", stat.Quantile(stat.Ascending(told), 0.99), len(told))
	}
}
