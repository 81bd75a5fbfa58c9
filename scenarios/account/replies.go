package account

import (
	wl "oalab/mockwechat/ledger"
	"oalab/scenarios/history"
)

// Difference is a message that was answered in two ways.
type Difference struct {
	Message *Message
	Tries   [2]int // their numbers, from 1
	Replies [2]string
}

// CompareReplies counts the messages whose answered tries can be compared, and returns those
// whose replies differ. An answer from memory may differ where it is allowed.
func CompareReplies(all []Message) (compared int, differ []Difference) {
	for i := range all {
		m := &all[i]
		var first, differs string
		n, firstTry, differsTry := 0, 0, 0
		for _, d := range m.Tries {
			if !TryAnswered(d) || d.Stale && MayBeStale(d) {
				continue
			}
			n++
			switch {
			case n == 1:
				first, firstTry = d.Reply, d.Try
			case d.Reply != first && differsTry == 0:
				differs, differsTry = d.Reply, d.Try
			}
		}
		if n < 2 {
			continue
		}
		compared++
		if differsTry > 0 {
			differ = append(differ, Difference{Message: m, Tries: [2]int{firstTry, differsTry}, Replies: [2]string{first, differs}})
		}
	}
	return compared, differ
}

// MayBeStale reports whether a try may be answered from memory. Orders and queries may not.
func MayBeStale(d wl.Delivery) bool { return d.Op == history.KindText }
