package history

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"oalab/internal/jsonl"
	wl "oalab/mockwechat/ledger"
)

// ArmWriter writes the evidence of one arm while it runs. Its methods are safe for
// concurrent use, but Close comes last.
type ArmWriter struct {
	name       string
	dir        string
	plan       *jsonl.Writer
	deliveries *jsonl.Writer
	samples    *jsonl.Writer
	operations *OperationsFile
}

// Arm opens the evidence files of an arm: in the folder itself for the main arm,
// in arms/NAME for another one. Files of an arm that exist already are an error.
func (f *Folder) Arm(name string, main bool) (_ *ArmWriter, err error) {
	rel, err := armPath(name, main)
	if err != nil {
		return nil, err
	}
	for _, a := range f.arms {
		if a.rel == rel || a.name == name {
			return nil, fmt.Errorf("arm %s: its place in %s is taken by arm %s", name, f.dir, a.name)
		}
	}
	a := &ArmWriter{name: name, dir: within(f.dir, rel)}
	f.arms = append(f.arms, armEntry{name: name, rel: rel, writer: a}) // also for Abandon, when opening fails half-way
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("open arm %s: %w", name, err), a.Close())
		}
	}()
	for _, sub := range []string{dirLedgers, dirLogs} {
		if err := os.MkdirAll(filepath.Join(a.dir, sub), 0o755); err != nil {
			return nil, err
		}
	}
	for _, w := range []struct {
		to   **jsonl.Writer
		file string
	}{{&a.plan, FilePlan}, {&a.deliveries, FileDeliveries}, {&a.samples, FileSamples}} {
		if *w.to, err = jsonl.Create(a.path(w.file)); err != nil {
			return nil, err
		}
	}
	if a.operations, err = createOperations(a.path(FileOperations)); err != nil {
		return nil, err
	}
	return a, nil
}

func (a *ArmWriter) path(file string) string { return within(a.dir, file) }

// Name is the name of the arm.
func (a *ArmWriter) Name() string { return a.name }

// Dir is the folder of the arm.
func (a *ArmWriter) Dir() string { return a.dir }

// LogDir is the folder for the logs of the arm's processes. Logs are not evidence.
func (a *ArmWriter) LogDir() string { return a.path(dirLogs) }

// WeChatLedger is the path at which the mock platform writes its ledger.
func (a *ArmWriter) WeChatLedger() string { return a.path(FileWeChatLedger) }

// CarrierLedger is the path at which the mock carrier writes its ledger.
func (a *ArmWriter) CarrierLedger() string { return a.path(FileCarrierLedger) }

// DatabaseLedger is the path at which a topology with two masters writes what they hold.
func (a *ArmWriter) DatabaseLedger() string { return a.path(FileDatabases) }

// WritePlan appends planned operations.
func (a *ArmWriter) WritePlan(ops []PlannedOp) error {
	for i := range ops {
		if err := a.plan.Write(&ops[i]); err != nil {
			return err
		}
	}
	return nil
}

// WriteDelivery appends one try of a pushed message.
func (a *ArmWriter) WriteDelivery(d wl.Delivery) error { return a.deliveries.Write(d) }

// WriteSample appends one observation of a probe.
func (a *ArmWriter) WriteSample(s Sample) error { return a.samples.Write(s) }

// Operations is where the generator's results go, as one gob stream.
func (a *ArmWriter) Operations() *OperationsFile { return a.operations }

// WriteRecord writes arm.json, whole or not at all. It may be called again: the
// last record counts.
func (a *ArmWriter) WriteRecord(r ArmRecord) error {
	if r.Arm != a.name {
		return fmt.Errorf("record of arm %q offered to the folder of arm %q", r.Arm, a.name)
	}
	if err := writeJSON(a.path(FileArm), r); err != nil {
		return fmt.Errorf("write record of arm %s: %w", a.name, err)
	}
	return nil
}

// Err is the first error that stuck to one of the arm's files. A run whose
// evidence cannot be written may as well end.
func (a *ArmWriter) Err() error {
	for _, w := range []*jsonl.Writer{a.plan, a.deliveries, a.samples} {
		if err := w.Err(); err != nil {
			return err
		}
	}
	return a.operations.Err()
}

// Close brings the arm's files to disk and closes them; it may be called again.
func (a *ArmWriter) Close() error {
	var errs []error
	for _, w := range []*jsonl.Writer{a.plan, a.deliveries, a.samples} {
		if w != nil {
			errs = append(errs, w.Close())
		}
	}
	if a.operations != nil {
		errs = append(errs, a.operations.Close())
	}
	return errors.Join(errs...)
}
