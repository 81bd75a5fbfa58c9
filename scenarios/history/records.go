// Package history owns the evidence of a run: the records, the run folder that
// holds them, and the manifest (run.json) that seals them. Evidence is written
// first and judged later; nothing in here decides anything (REP-1).
package history

import "time"

// PlannedOp is one operation of the workload, fixed by the seed before the run:
// one line of plan.jsonl.
type PlannedOp struct {
	Seq    uint64  `json:"seq"`
	DueS   float64 `json:"due_s"` // seconds after the arm's base time
	Kind   string  `json:"kind"`  // text, query, order, event; get; login; grab; tokenread
	OpenID string  `json:"openid"`
	MsgID  string  `json:"msg_id"`
	Text   string  `json:"text,omitempty"`  // content of a text message
	Event  string  `json:"event,omitempty"` // event type, such as CLICK; of a login which visit it is; of a grab what it does; of a tokenread its way
	Key    string  `json:"key,omitempty"`   // event key; of a forwarded login the openid of its sender; of a grab the packet; of a tokenread the account
	Phone  string  `json:"phone,omitempty"` // the follower's bound number
	Code   string  `json:"code,omitempty"`  // business code of an order or a query
	Reply  string  `json:"reply,omitempty"` // kind of the reply that is asked for; "": any
}

// The kinds of operations: messages of followers, a plain request for a page without a
// follower, a follower's visit to a page behind the login, a call of a follower at the red
// packets, and a read of an account's token at the control nodes.
const (
	KindText  = "text"
	KindQuery = "query"
	KindOrder = "order"
	KindEvent = "event"
	KindGet   = "get"
	KindLogin = "login"
	KindGrab  = "grab"

	KindTokenRead = "tokenread"
)

// Operation is one operation as the generator recorded it (decoded from the
// vegeta results in operations.gob).
type Operation struct {
	Seq      uint64
	StartS   float64 // seconds after base at which the generator really started it
	LatencyS float64 // vegeta's own latency, from StartS
	Status   int     // status of the follower's final answer, 0 for a transport error
	Error    string
}

// EndS is when the follower had the answer or gave up, in seconds after base.
func (o Operation) EndS() float64 { return o.StartS + o.LatencyS }

// Sample is one observation of one probe: one line of samples.jsonl.
type Sample struct {
	AtS   float64 `json:"at_s"`
	Probe string  `json:"probe"` // what was observed, such as server.metrics
	Name  string  `json:"name"`  // series, such as oalab_outbox_rows
	Value float64 `json:"value"` // NaN is never written: a failed probe has Error
	Error string  `json:"error,omitempty"`
}

// Phase is a named stretch of an arm: warm-up, ramp, steady, fault, recovery, drain.
type Phase struct {
	Name  string  `json:"name"`
	FromS float64 `json:"from_s"`
	ToS   float64 `json:"to_s"`
}

// Window is the time in which a fault was in effect (CHA-5), seconds after base.
type Window struct {
	Fault        string  `json:"name"`
	Arm          string  `json:"arm"`
	Target       string  `json:"target"`
	PlannedFromS float64 `json:"planned_from_s"`
	PlannedToS   float64 `json:"planned_to_s"`
	BegunS       float64 `json:"begun_s"` // its injection; 0: never, or not known
	FromS        float64 `json:"from_s"`  // the fault was seen in effect
	ToS          float64 `json:"to_s"`    // recovery was asked for
	HealedS      float64 `json:"healed_s"`
	Error        string  `json:"error,omitempty"` // an inject, wait or recovery that failed
}

// Contains reports whether a moment (seconds after base) lies in the window.
func (w Window) Contains(s float64) bool { return s >= w.FromS && s < w.ToS }

// SinceS is when the fault may have begun to act, in seconds after base: its injection, where
// that is known.
func (w Window) SinceS() float64 {
	if w.BegunS == 0 {
		return w.FromS
	}
	return min(w.BegunS, w.FromS)
}

// longestQuestionS is how long a question to a node may wait for its answer.
const longestQuestionS = 1

// MayMeet reports whether the fault may be why a question asked at that moment (seconds
// after base) had no answer. A question is dated when it was asked: one that waits
// while the fault begins to act carries a moment before the window.
func (w Window) MayMeet(asked float64) bool {
	return asked >= w.FromS-longestQuestionS && asked < w.ToS
}

// Load is how an arm's arrivals were offered, and how honest the generator was.
type Load struct {
	Model       string  `json:"model"`          // open or closed
	Page        string  `json:"page,omitempty"` // path of the page that plain requests and visits were for; "": messages
	Scheduled   int     `json:"scheduled"`
	Started     int     `json:"started"`
	MaxWorkers  int     `json:"max_workers"`
	DurationS   float64 `json:"duration_s"`    // of the profile
	PeakPerS    float64 `json:"peak_per_s"`    // highest planned rate
	CeilingPerS float64 `json:"ceiling_per_s"` // calibrated against the null server; 0: not calibrated
	CPUS        float64 `json:"cpu_s"`         // CPU seconds of the generator's process during the load
	GCPauseS    float64 `json:"gc_pause_s"`    // of the generator's process during the load, all pauses together
	GCCycles    int     `json:"gc_cycles"`
	OpenFiles   int     `json:"open_files"` // file descriptors of the generator's process, the most seen; 0: not known
}

// Node is one server of the system: samples know it by its name, tries by its address.
type Node struct {
	Name string `json:"name"`
	Addr string `json:"addr"` // host:port
}

// ArmRecord is what the runner knows of one arm: arm.json.
type ArmRecord struct {
	Arm     string    `json:"arm"`
	Base    time.Time `json:"base"` // zero of every *_s figure, wall clock
	Phases  []Phase   `json:"phases"`
	Windows []Window  `json:"windows"`
	Load    Load      `json:"load"`
	Pace
	// Nodes are the servers of the system, in the order of their names.
	Nodes []Node `json:"nodes,omitempty"`
	// Predictions are what the settings let expect of the faults, from before the load.
	Predictions []Prediction `json:"predictions,omitempty"`
	// Scaling is how the load balancers size their pools; nil: they do not.
	Scaling *Scaling `json:"scaling,omitempty"`
	// Drift compares what is meant to be equal, after the load; nil: there is nothing.
	Drift *Drift `json:"config_drift,omitempty"`
	// Steps are those of a closed load, CPULimit how its app servers were limited.
	Steps    []Step    `json:"steps,omitempty"`
	CPULimit *CPULimit `json:"cpu_limit,omitempty"`
	// DayS is how long a day of a compressed month is; 0: it is none.
	DayS        float64 `json:"day_s,omitempty"`
	DrainedS    float64 `json:"drained_s"` // when the probes saw the system empty; 0: never
	Interrupted bool    `json:"interrupted,omitempty"`
	// Problems of the run itself (a probe that never answered, a fault that would
	// not heal). Any of them makes the arm inconclusive.
	Problems []string `json:"problems,omitempty"`
}
