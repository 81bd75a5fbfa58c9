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
