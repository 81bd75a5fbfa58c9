package history

import "time"

// Verdict is the three-valued result of a checker, an arm or a run.
type Verdict string

// The verdicts. Fail beats inconclusive beats pass when a checker's results are joined.
const (
	Pass         Verdict = "pass"
	Fail         Verdict = "fail"
	Inconclusive Verdict = "inconclusive"
)

// ReasonKind is the subject of the reason of a verdict; "" for a run that passed.
type ReasonKind string

// The kinds. A run that is inconclusive because of the machine or the generator shows
// nothing about the system. A repetition may show more.
const (
	ReasonInvariant   ReasonKind = "invariant"   // a checker did not end as it was expected to
	ReasonObjective   ReasonKind = "objective"   // a limit was missed
	ReasonMachine     ReasonKind = "machine"     // it was full, or limited what was measured
	ReasonGenerator   ReasonKind = "generator"   // it stopped, was late, or near its ceiling
	ReasonEvidence    ReasonKind = "evidence"    // it is missing, changed, or contradicts itself
	ReasonInterrupted ReasonKind = "interrupted" // the run was broken off
	ReasonUndecided   ReasonKind = "undecided"   // something else: too little was seen, a fault had no effect
)

// Manifest is run.json: what was run, the seal over its evidence, and what the
// judge made of it. Verdict, checkers and figures are never read back to judge.
type Manifest struct {
	Scenario   string    `json:"scenario"`
	Topology   string    `json:"topology"`
	Size       string    `json:"size"`
	Seed       uint64    `json:"seed"`
	PlanSHA256 string    `json:"plan_sha256"`
	Started    time.Time `json:"started"`
	DurationS  float64   `json:"duration_s"`
	Verdict    Verdict   `json:"verdict"`
	Reason     string    `json:"reason"`
	// ReasonKind is what Reason is about.
	ReasonKind ReasonKind `json:"reason_kind,omitempty"`
	// What the scenario claims, where the claim comes from, and what its topology
	// cannot show, as the catalogue said when it was run; a report is read without it.
	Title  string   `json:"title,omitempty"`
	Source string   `json:"source,omitempty"`
	Limits []string `json:"limits,omitempty"`
	// Arms are the arms of this run in the order they ran; the first is the main
	// arm and lies in the folder itself, another one in arms/NAME.
	Arms []string `json:"arms"`
	// Study marks a run without load: its evidence was computed, and its arm is a name.
	Study       bool              `json:"study,omitempty"`
	Pace                          // how fast the machine was, and the rung that the rates are on
	Figures     []Figure          `json:"figures"`
	Checkers    []CheckerResult   `json:"checkers"`
	Evidence    []Evidence        `json:"evidence"`
	Faults      []Window          `json:"faults"`
	Environment map[string]string `json:"environment"`
	Versions    map[string]string `json:"versions"`
	Command     []string          `json:"command"` // the line that runs it again
}

// Figure is one measured number and the objective it was held against, if any.
type Figure struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`
	// Relation and Limit are the objective: value Relation Limit must hold. Limit
	// is nil for a figure without an objective, and so is OK.
	Relation string   `json:"relation,omitempty"` // <, <=, >, >=, ==
	Limit    *float64 `json:"limit"`
	OK       *bool    `json:"ok"`
	CILow    *float64 `json:"ci_low"`
	CIHigh   *float64 `json:"ci_high"`
	N        int      `json:"n"` // observations behind the value
	// Widened reports that the interval holds what the lateness of the generator left
	// open, and not statistics alone.
	Widened bool `json:"widened,omitempty"`
	// ClaimedLimit is the limit on a machine as fast as the reference, where Limit was
	// multiplied by the speed factor of a slower one.
	ClaimedLimit *float64 `json:"claimed_limit,omitempty"`
	// Open says why an objective was neither met nor missed; OK is nil then.
	Open string `json:"open,omitempty"`
}

// CheckerResult is what one checker found in one arm.
type CheckerResult struct {
	Name       string  `json:"name"`
	Arm        string  `json:"arm"`
	Expected   Verdict `json:"expected"`
	Verdict    Verdict `json:"verdict"`
	Checked    int     `json:"checked"`
	Violations int     `json:"violations"`
	Detail     string  `json:"detail"`
}

// Evidence is one sealed file of the run folder.
type Evidence struct {
	Path   string `json:"path"` // relative to the run folder, slash separated
	Bytes  int64  `json:"bytes"`
	Lines  int    `json:"lines"`
	SHA256 string `json:"sha256"`
}
