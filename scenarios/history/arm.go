package history

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"time"

	"oalab/internal/jsonl"
	cl "oalab/mockcarrier/ledger"
	wl "oalab/mockwechat/ledger"
)

// Arm is the whole evidence of one arm, in memory, as the checkers see it.
type Arm struct {
	Name       string
	Record     ArmRecord
	Plan       []PlannedOp // index = Seq
	Operations []Operation // ordered by Seq; planned operations may be missing (dropped)
	Deliveries []wl.Delivery
	Samples    []Sample
	WeChat     []wl.Call
	Carrier    []cl.Entry
	Databases  []TableReading // of an arm with two MySQL masters
	// Extras are the rows of what instruments measured, by name; see Extra.
	Extras map[string]any
}

// Seconds turns a moment on the wall clock into seconds after the arm's base.
func (a *Arm) Seconds(at time.Time) float64 { return at.Sub(a.Record.Base).Seconds() }

// LoadArm reads the evidence of an arm from the run folder dir. It is strict: every
// file must be there and whole, the plan in order, and each operation planned. All
// that is wrong is in the error, and no arm comes with it.
func LoadArm(dir, name string, main bool) (*Arm, error) {
	rel, err := armPath(name, main)
	if err != nil {
		return nil, err
	}
	at := func(file string) string { return within(within(dir, rel), file) }
	a := &Arm{Name: name}
	var errs []error
	note := func(err error) {
		if err != nil {
			errs = append(errs, err)
		}
	}
	a.Record, err = readRecord(at(FileArm), name)
	note(err)
	a.Plan, err = jsonl.Read[PlannedOp](at(FilePlan))
	note(err)
	a.Operations, err = ReadOperations(at(FileOperations), name, a.Record.Base)
	note(err)
	a.Deliveries, err = jsonl.Read[wl.Delivery](at(FileDeliveries))
	note(err)
	a.Samples, err = jsonl.Read[Sample](at(FileSamples))
	note(err)
	a.WeChat, err = jsonl.Read[wl.Call](at(FileWeChatLedger))
	note(err)
	a.Carrier, err = jsonl.Read[cl.Entry](at(FileCarrierLedger))
	note(err)
	if _, err := os.Stat(at(FileDatabases)); err == nil {
		a.Databases, err = jsonl.Read[TableReading](at(FileDatabases))
		note(err)
	}
	a.Extras, err = readExtras(at)
	note(err)
	if len(errs) == 0 {
		note(a.consistent())
	}
	if len(errs) > 0 {
		return nil, fmt.Errorf("load arm %s: %w", name, errors.Join(errs...))
	}
	return a, nil
}

func readRecord(path, name string) (ArmRecord, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return ArmRecord{}, fmt.Errorf("read arm record: %w", err)
	}
	var r ArmRecord
	if err := json.Unmarshal(raw, &r); err != nil {
		return ArmRecord{}, fmt.Errorf("%s: torn or not an arm record: %w", path, err)
	}
	if r.Arm != name {
		return ArmRecord{}, fmt.Errorf("%s: record of arm %q, want %q", path, r.Arm, name)
	}
	if r.Base.IsZero() {
		return ArmRecord{}, fmt.Errorf("%s: no base time: no operation was ever started", path)
	}
	return r, nil
}

// consistent checks that the files belong together.
func (a *Arm) consistent() error {
	last := math.Inf(-1)
	for i, p := range a.Plan {
		if p.Seq != uint64(i) {
			return fmt.Errorf("%s: line %d plans operation %d, want %d", FilePlan, i+1, p.Seq, i)
		}
		if !(p.DueS >= last) { // NaN too
			return fmt.Errorf("%s: operation %d is due at %g s, before the one it follows (%g s)", FilePlan, i, p.DueS, last)
		}
		last = p.DueS
	}
	if n := len(a.Operations); n > 0 && a.Operations[n-1].Seq >= uint64(len(a.Plan)) {
		return fmt.Errorf("%s: operation %d was never planned (%d are)", FileOperations, a.Operations[n-1].Seq, len(a.Plan))
	}
	return nil
}
