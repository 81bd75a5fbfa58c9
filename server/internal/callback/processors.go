package callback

import (
	"runtime"
	runtimemetrics "runtime/metrics"
	"sync"
	"time"
)

// processors tells whether this process has room for more work: how many goroutines stand
// ready to run and have no processor. Waiting for a carrier or a database is none of it, so
// a slow carrier is not taken for overload.
type processors struct {
	mu     sync.Mutex
	sample []runtimemetrics.Sample
	at     time.Time
	left   int
}

const (
	// readyEach is how many goroutines may stand ready for each processor before it counts
	// as busy. With fewer it would idle while one of them waits for a lock.
	readyEach = 16
	// sampleAge is for how long a count is believed. What was let in since is taken off it.
	sampleAge = time.Millisecond
)

func newProcessors() *processors {
	return &processors{sample: []runtimemetrics.Sample{{Name: "/sched/goroutines/runnable:goroutines"}}}
}

// take reports whether there is room for one more try, and takes it.
func (p *processors) take() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now := time.Now(); now.Sub(p.at) > sampleAge {
		p.at = now
		runtimemetrics.Read(p.sample)
		p.left = readyEach * runtime.GOMAXPROCS(0)
		if v := p.sample[0].Value; v.Kind() == runtimemetrics.KindUint64 {
			p.left -= int(min(v.Uint64(), 1<<30))
		}
	}
	if p.left <= 0 {
		return false
	}
	p.left--
	return true
}
