package load

import (
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// recorder takes the results of one attack. It belongs to the goroutine of run.
type recorder struct {
	attack *attack
	ops    *carrier
	began  time.Time
	encode vegeta.Encoder
	sum    Summary
	err    error // the first error of the record; results are still counted
}

// take counts a result and writes it down without body and headers.
func (r *recorder) take(res *vegeta.Result) error {
	a := r.attack
	start := res.Timestamp.Sub(a.pacer.base)
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
		return r.err
	}
	if r.encode == nil {
		r.encode = vegeta.NewEncoder(a.Record)
	}
	res.Body, res.Headers = nil, nil
	r.err = r.encode(res)
	return r.err
}

func (r *recorder) progress() {
	a := r.attack
	if a.Progress == nil {
		return
	}
	elapsed := time.Since(r.began)
	started := int(r.ops.started.Load())
	a.Progress(Progress{
		Elapsed:   elapsed,
		Due:       a.pacer.due(elapsed),
		Started:   started,
		Ended:     r.sum.Started,
		Failed:    r.sum.Failed,
		Late:      r.sum.Late,
		InFlight:  max(0, started-r.sum.Started),
		Scheduled: int(a.pacer.count),
	})
}
