package callback

import "time"

// quick is a time of service that leaves most of any budget.
const quick = 50 * time.Millisecond

// pace counts how many tries were served within the last time quick. While no more are
// served at once, each takes no longer than quick, by Little's law. Its cost does not enter: a
// server that is fast may serve hundreds at once, one with a sixteenth of a processor a few.
type pace struct {
	began       time.Time // of the stretch that now counts
	now, before int       // tries that ended in this stretch, and in the one before it
}

// count notes that a try has been served.
func (p *pace) count(t time.Time) {
	p.roll(t)
	p.now++
}

// recent is how many were served in one stretch of late. It is 0 after a pause.
func (p *pace) recent(t time.Time) int {
	p.roll(t)
	return max(p.now, p.before)
}

func (p *pace) roll(t time.Time) {
	passed := t.Sub(p.began)
	if passed < quick {
		return
	}
	p.before, p.now, p.began = p.now, 0, t
	if passed >= 2*quick {
		p.before = 0
	}
}
