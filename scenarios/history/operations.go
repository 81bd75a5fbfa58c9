package history

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sort"
	"sync"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// OperationsFile takes the bytes of operations.gob straight to the kernel, without
// a buffer of its own. Its first error sticks. It is safe for concurrent use.
type OperationsFile struct {
	path string

	mu       sync.Mutex
	file     *os.File
	err      error
	closed   bool
	closeErr error
}

func createOperations(path string) (*OperationsFile, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return nil, fmt.Errorf("create operations file: %w", err)
	}
	return &OperationsFile{path: path, file: f}, nil
}

// Write implements io.Writer.
func (o *OperationsFile) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err != nil {
		return 0, o.err
	}
	n, err := o.file.Write(p)
	if err != nil {
		o.err = fmt.Errorf("write %s: %w", o.path, err)
	}
	return n, o.err
}

// Err is the error that stuck, or nil.
func (o *OperationsFile) Err() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.err
}

// Close syncs and closes the file and returns the error that stuck, if any. It may
// be called again with the same answer.
func (o *OperationsFile) Close() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return o.closeErr
	}
	o.closed = true
	o.closeErr = errors.Join(o.err, o.file.Sync(), o.file.Close())
	return o.closeErr
}

// ReadOperations decodes a file of vegeta results into operations ordered by Seq.
// base is the zero of their times; attack is the name every result must carry. A
// torn file, a result of another attack or a Seq that comes twice is an error.
func ReadOperations(path, attack string, base time.Time) ([]Operation, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read operations: %w", err)
	}
	defer func() { _ = f.Close() }() // only read from
	ops, err := decodeOperations(f, attack, base)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return ops, nil
}

func decodeOperations(r io.Reader, attack string, base time.Time) ([]Operation, error) {
	var (
		ops  []Operation
		next = vegeta.NewDecoder(r)
	)
	for {
		var res vegeta.Result // a fresh one each time: gob leaves out zero fields
		err := next.Decode(&res)
		if errors.Is(err, io.EOF) {
			break
		}
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, fmt.Errorf("ends inside result %d: torn", len(ops)+1)
		}
		if err != nil {
			return nil, fmt.Errorf("result %d: %w", len(ops)+1, err)
		}
		if res.Attack != attack {
			return nil, fmt.Errorf("result %d belongs to attack %q, want %q", len(ops)+1, res.Attack, attack)
		}
		ops = append(ops, Operation{
			Seq:      res.Seq,
			StartS:   res.Timestamp.Sub(base).Seconds(),
			LatencyS: res.Latency.Seconds(),
			Status:   int(res.Code),
			Error:    res.Error,
		})
	}
	sort.Slice(ops, func(i, j int) bool { return ops[i].Seq < ops[j].Seq })
	for i := 1; i < len(ops); i++ {
		if ops[i].Seq == ops[i-1].Seq {
			return nil, fmt.Errorf("operation %d is recorded twice", ops[i].Seq)
		}
	}
	return ops, nil
}
