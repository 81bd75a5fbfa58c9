package mockcarrier

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"slices"
	"time"

	"oalab/internal/jsonl"
	"oalab/mockcarrier/ledger"
)

// errEpochOver breaks off a call that a reset or a stop has overtaken.
var errEpochOver = errors.New("the carrier was reset or stopped")

// ledgerFile is the ledger on disk; nothing of it is kept in memory.
type ledgerFile struct {
	path      string
	temporary bool
	w         *jsonl.Writer
}

// openLedger opens a ledger for appending and returns what is in it already.
func openLedger(path string) (*ledgerFile, []ledger.Entry, error) {
	l := &ledgerFile{path: path}
	var lines []ledger.Entry
	if path == "" {
		f, err := os.CreateTemp("", "mockcarrier-*.jsonl")
		if err != nil {
			return nil, nil, fmt.Errorf("make a temporary ledger: %w", err)
		}
		l.path, l.temporary = f.Name(), true
		if err := f.Close(); err != nil {
			return nil, nil, fmt.Errorf("make a temporary ledger: %w", err)
		}
	} else if _, err := os.Stat(path); err == nil {
		if lines, err = jsonl.Read[ledger.Entry](path); err != nil {
			return nil, nil, fmt.Errorf("continue the ledger (move the file away to begin anew): %w", err)
		}
	}
	var err error
	if l.w, err = jsonl.Append(l.path); err != nil {
		return nil, nil, fmt.Errorf("open the ledger: %w", err)
	}
	return l, lines, nil
}

func (l *ledgerFile) write(line ledger.Entry) error { return l.w.Write(line) }

// truncate begins the ledger anew.
func (l *ledgerFile) truncate() error {
	closed := l.w.Close()
	if err := os.Remove(l.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(closed, err)
	}
	w, err := jsonl.Create(l.path)
	if err != nil {
		return errors.Join(closed, err)
	}
	l.w = w
	return nil
}

func (l *ledgerFile) close() error {
	err := l.w.Close()
	if l.temporary {
		err = errors.Join(err, os.Remove(l.path))
	}
	return err
}

// filter picks lines of the ledger. An empty field picks all.
type filter struct {
	op, serial, phone string
	since             time.Time
}

// newFilter reads the filters of a query; one it does not know is an error, not
// a question that is answered with everything.
func newFilter(query url.Values) (filter, error) {
	known := []string{"op", "phone", "serial", "since"}
	for name, values := range query {
		if !slices.Contains(known, name) || len(values) != 1 {
			return filter{}, fmt.Errorf("filter %q: known are %q, each once", name, known)
		}
	}
	f := filter{op: query.Get("op"), serial: query.Get("serial"), phone: query.Get("phone")}
	if since := query.Get("since"); since != "" {
		at, err := time.Parse(time.RFC3339Nano, since)
		if err != nil {
			return filter{}, fmt.Errorf("filter since: %q is not a time such as 2026-01-02T15:04:05Z", since)
		}
		f.since = at
	}
	return f, nil
}

func (f filter) picks(line []byte) (bool, error) {
	if f == (filter{}) {
		return true, nil
	}
	var e ledger.Entry
	if err := json.Unmarshal(line, &e); err != nil {
		return false, err
	}
	return (f.op == "" || f.op == e.Op) && (f.serial == "" || f.serial == e.Serial) &&
		(f.phone == "" || f.phone == e.Phone) && !e.At.Before(f.since), nil
}

// stream copies the lines that are on disk when it begins.
func stream(w io.Writer, file *os.File, f filter) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	lines := bufio.NewReader(io.LimitReader(file, info.Size()))
	for {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil // a line without an end is still being written
		}
		if err != nil {
			return err
		}
		picked, err := f.picks(line)
		if err != nil {
			return err
		}
		if !picked {
			continue
		}
		if _, err := w.Write(line); err != nil {
			return err
		}
	}
}
