package history

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"

	"oalab/internal/jsonl"
)

// Extra is a kind of evidence that only some arms have: what one instrument measured. Its
// file is ledgers/NAME.jsonl with one T a line. A kind is declared in a file of its own:
//
//	var NetworkEvidence = declare[NetworkBatch]("network")
type Extra[T any] struct{ name string }

// extras read the file of each kind of evidence that was declared, by its name.
var extras = map[string]func(path string) (any, error){}

// declare makes a kind of evidence known to LoadArm. It panics if the name is taken.
func declare[T any](name string) Extra[T] {
	if extras[name] != nil {
		panic("evidence " + name + " is declared twice")
	}
	extras[name] = func(path string) (any, error) { return jsonl.Read[T](path) }
	return Extra[T]{name}
}

// extraFile is where the evidence of a name lies in an arm's folder, slash separated.
func extraFile(name string) string { return dirLedgers + "/" + name + ".jsonl" }

// File is where the evidence lies in an arm's folder, slash separated.
func (e Extra[T]) File() string { return extraFile(e.name) }

// Write writes the evidence of an arm. A second time is an error.
func (e Extra[T]) Write(a *ArmWriter, rows []T) error {
	w, err := jsonl.Create(a.path(e.File()))
	if err != nil {
		return fmt.Errorf("write evidence %s: %w", e.name, err)
	}
	for i := range rows {
		if err := w.Write(&rows[i]); err != nil {
			_ = w.Close() // the first error is the one to tell
			return fmt.Errorf("write evidence %s: %w", e.name, err)
		}
	}
	return w.Close()
}

// Of is the evidence of an arm. nil: the arm has none. The rows may be changed in place.
func (e Extra[T]) Of(a *Arm) []T {
	rows, _ := a.Extras[e.name].([]T)
	return rows
}

// Set gives an arm in memory the rows, as if its file held them. nil takes them away.
func (e Extra[T]) Set(a *Arm, rows []T) {
	if a.Extras == nil {
		a.Extras = map[string]any{}
	}
	a.Extras[e.name] = rows
}

// readExtras reads the evidence of every kind that the arm in a folder has.
func readExtras(at func(file string) string) (map[string]any, error) {
	var all map[string]any
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(extras)) {
		path := at(extraFile(name))
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		rows, err := extras[name](path)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if all == nil {
			all = map[string]any{}
		}
		all[name] = rows
	}
	return all, errors.Join(errs...)
}
