package attack

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"oalab/scenarios/account"
	"oalab/scenarios/history"
	"oalab/scenarios/load"
	"oalab/scenarios/load/pacing"
	"oalab/scenarios/stat"
)

// Summary is what one load came to. Times are in seconds, rates in operations per
// second.
type Summary struct {
	URL         string    `json:"url"`
	Base        time.Time `json:"base"` // from which due times count
	DurationS   float64   `json:"duration_s"`
	Scheduled   int       `json:"scheduled"`
	Started     int       `json:"started"`
	Dropped     int       `json:"dropped"`  // scheduled and never started
	Failed      int       `json:"failed"`   // no answer, or a status outside of 200–399
	Answered    int       `json:"answered"` // with any status
	Cut         bool      `json:"cut,omitempty"`
	Interrupted bool      `json:"interrupted,omitempty"`
	RatePerS    float64   `json:"rate_per_s"` // started, over the profile's length or until the last start
	// Due is how long callers waited from when an operation was due, Sent from when it
	// was really started, which is what vegeta reports. Both are of the operations that
	// were answered, with any status; nil: none was.
	Due  *Latency `json:"due"`
	Sent *Latency `json:"sent"`
	// Statuses counts the final statuses; "0" is no answer.
	Statuses map[string]int `json:"statuses"`
	// Errors are the most frequent errors, at most ten.
	Errors    []Count     `json:"errors,omitempty"`
	Generator Certificate `json:"generator"`
	CPUS      float64     `json:"cpu_s"` // of this process during the load
	Folder    string      `json:"folder"`
}

// Latency is quantiles of waiting times in seconds.
type Latency struct {
	P50S  float64 `json:"p50_s"`
	P95S  float64 `json:"p95_s"`
	P99S  float64 `json:"p99_s"`
	P999S float64 `json:"p999_s"`
	MaxS  float64 `json:"max_s"`
}

// Count is how often something was said.
type Count struct {
	Text string `json:"text"`
	N    int    `json:"n"`
}

// Certificate says how honest the generator was (REP-10).
type Certificate struct {
	PacingErrorP99S float64 `json:"pacing_error_p99_s"` // with workers free
	Late            int     `json:"late"`
	Charged         int     `json:"charged"` // of those, to the target: all workers were busy
	PeakPerS        float64 `json:"peak_per_s"`
	CeilingPerS     float64 `json:"ceiling_per_s"` // against a null server on this machine
	Share           float64 `json:"share"`         // peak / ceiling
	MaxWorkers      int     `json:"max_workers"`
	CPUPer1000S     float64 `json:"cpu_per_1000_s"` // processor seconds of this process for 1 000 operations
	// Bound is why the figures say more about the generator than about the target; ""
	// when they do not.
	Bound string `json:"bound,omitempty"`
}

// mostErrors is how many different errors a summary tells.
const mostErrors = 10

func (o *Options) summarise(sum load.Summary, plan []history.PlannedOp, ops []history.Operation, ceiling float64) Summary {
	s := Summary{
		URL: o.URL, Base: sum.Base, DurationS: sum.Duration.Seconds(),
		Scheduled: sum.Scheduled, Started: sum.Started, Dropped: sum.Dropped, Failed: sum.Failed,
		Cut: sum.Cut && !sum.Interrupted, Interrupted: sum.Interrupted,
		Statuses: map[string]int{}, CPUS: sum.CPU.Seconds(), Folder: o.Out,
	}
	var answered []history.Operation
	errs := map[string]int{}
	last := 0.0 // start
	for _, op := range ops {
		if op.Status != 0 {
			answered = append(answered, op)
		}
		s.Statuses[strconv.Itoa(op.Status)]++
		if op.Error != "" {
			errs[op.Error]++
		}
		last = max(last, op.StartS)
	}
	s.Answered = len(answered)
	// Operations that were sent late were not offered at the planned rate.
	length := max(last, o.Profile.Length().Seconds())
	if sum.Interrupted {
		length = last
	}
	if length > 0 {
		s.RatePerS = float64(s.Started) / length
	}
	sent := make([]float64, len(answered))
	for i, op := range answered {
		sent[i] = op.LatencyS
	}
	s.Sent, s.Due = latencyOf(sent), latencyOf(pacing.DueLatencies(answered, pacing.Due(plan)))
	for text, n := range errs {
		s.Errors = append(s.Errors, Count{Text: text, N: n})
	}
	slices.SortFunc(s.Errors, func(a, b Count) int {
		if a.N != b.N {
			return b.N - a.N
		}
		return strings.Compare(a.Text, b.Text)
	})
	s.Errors = s.Errors[:min(mostErrors, len(s.Errors))]
	g := account.Certify(&history.Arm{Plan: plan, Operations: ops, Record: history.ArmRecord{Load: history.Load{
		Model: "open", MaxWorkers: o.MaxWorkers, DurationS: o.Profile.Length().Seconds(), PeakPerS: o.Profile.Peak(), CeilingPerS: ceiling, CPUS: sum.CPU.Seconds(),
	}}})
	bound := g.Bound
	if bound == "" && g.Unpunctual() { // nothing here has an interval for that
		bound = fmt.Sprintf("generator-bound: pacing_error_p99_s is %.4f with workers free, limit %.3f", g.PacingErrorP99S, pacing.ErrorLimitS)
	}
	s.Generator = Certificate{
		PacingErrorP99S: g.PacingErrorP99S, Late: g.Late, Charged: g.Charged, PeakPerS: g.PeakPerS,
		CeilingPerS: g.CeilingPerS, Share: g.Share, MaxWorkers: o.MaxWorkers, CPUPer1000S: g.CPUPer1000S, Bound: bound,
	}
	return s
}

// latencyOf is nil without a time.
func latencyOf(seconds []float64) *Latency {
	if len(seconds) == 0 {
		return nil
	}
	slices.Sort(seconds)
	at := func(q float64) float64 { return stat.Quantile(seconds, q) }
	return &Latency{P50S: at(0.5), P95S: at(0.95), P99S: at(0.99), P999S: at(0.999), MaxS: at(1)}
}

func (s Summary) write(path string) error {
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return fmt.Errorf("write the summary: %w", err)
	}
	if err := os.WriteFile(path, append(text, '\n'), 0o644); err != nil {
		return fmt.Errorf("write the summary: %w", err)
	}
	return nil
}
