package runner

import (
	"os"
	"runtime"
	"time"

	"oalab/scenarios/history"
)

// own is what the generator's process used while it loaded (REP-10).
type own struct {
	pauses time.Duration
	cycles uint32
	files  int
}

// beginOwn reads the process's counters before the load.
func beginOwn() *own {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	o := &own{pauses: time.Duration(m.PauseTotalNs), cycles: m.NumGC}
	o.look()
	return o
}

// look counts the open files; it takes some hundred microseconds.
func (o *own) look() {
	entries, err := os.ReadDir("/proc/self/fd")
	if err == nil { // another system: not known
		o.files = max(o.files, len(entries))
	}
}

// into records the use since the beginning.
func (o *own) into(l *history.Load) {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	l.GCPauseS = (time.Duration(m.PauseTotalNs) - o.pauses).Seconds()
	l.GCCycles = int(m.NumGC - o.cycles)
	l.OpenFiles = o.files
}
