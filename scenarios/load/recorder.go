package load

import (
	"bufio"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// recordBuffer spares a system call for each result.
const recordBuffer = 64 << 10

// recorder takes the results of one attack. It belongs to the goroutine of run.
type recorder struct {
	attack *attack
	base   time.Time
	buffer *bufio.Writer
	encode vegeta.Encoder
	sum    Summary
	err    error // the first error of the record; results are still counted
}

// take counts a result and writes it down.
func (r *recorder) take(res *vegeta.Result) {
	a := r.attack
	start := res.Timestamp.Sub(r.base)
	r.sum.Started++
	r.sum.Duration = max(r.sum.Duration, start+res.Latency)
	if res.Error != "" {
		r.sum.Failed++
	}
	if a.lateBy != nil && a.lateBy(res.Seq, start) {
		r.sum.Late++
	}
	if a.each != nil {
		a.each(res)
	}
	if a.Record == nil || r.err != nil {
		return
	}
	if r.encode == nil {
		r.buffer = bufio.NewWriterSize(a.Record, recordBuffer)
		r.encode = vegeta.NewEncoder(r.buffer)
	}
	r.err = r.encode(res)
}

// flush hands the buffered results on. Otherwise a killed generator would lose more than
// the last moments.
func (r *recorder) flush() {
	if r.buffer != nil && r.err == nil {
		r.err = r.buffer.Flush()
	}
}

func (r *recorder) progress() {
	a := r.attack
	if a.Progress == nil {
		return
	}
	elapsed := time.Since(r.base)
	started := a.arrivals.started()
	due, scheduled := a.arrivals.due(elapsed)
	a.Progress(Progress{
		Elapsed:   elapsed,
		Due:       due,
		Started:   started,
		Ended:     r.sum.Started,
		Failed:    r.sum.Failed,
		Late:      r.sum.Late,
		InFlight:  max(0, started-r.sum.Started),
		Scheduled: scheduled,
	})
}
