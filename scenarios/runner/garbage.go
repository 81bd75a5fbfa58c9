package runner

import (
	"runtime"
	"runtime/debug"
	"sync"
)

// How far the heap of the generator's process may grow before its garbage is collected,
// in per cent of what is in use (debug.SetGCPercent).
const (
	// seldom lets it grow to five times of what is in use, tens of megabytes. Otherwise the
	// collections of a small heap take seven per cent of a processor, which the system
	// under test needs.
	seldom = 400
	// rarely lets it grow to a gigabyte with a plan of 200 000 plain requests. Ten thousand
	// requests a second leave a hundred megabytes of garbage, and a collection takes all of
	// a small machine for 50 ms. Otherwise the generator would make requests late every
	// three seconds.
	rarely = 1600
)

// garbage is the one setting that all runs of this process share. The largest percentage
// that a run asks for is in force. After the last run the setting from before the first is
// restored. The zero value is ready; it is safe for concurrent use.
type garbage struct {
	mu     sync.Mutex
	asked  map[int]int // how many ask for each percentage
	before int
}

var collection garbage

// let asks for a percentage until release is called, once.
func (g *garbage) let(percent int) (release func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.asked) == 0 {
		g.asked, g.before = map[int]int{}, debug.SetGCPercent(percent)
	}
	g.asked[percent]++
	g.set()
	return func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		if g.asked[percent]--; g.asked[percent] == 0 {
			delete(g.asked, percent)
		}
		g.set()
	}
}

func (g *garbage) set() {
	most := g.before
	for percent := range g.asked {
		most = max(most, percent)
	}
	debug.SetGCPercent(most)
}

// collectRarely puts garbage collection off while plain requests are offered, until the
// returned function is called.
func (x *arm) collectRarely() (end func()) {
	if x.load.Page == "" {
		return func() {}
	}
	end = collection.let(rarely)
	runtime.GC()
	return end
}
