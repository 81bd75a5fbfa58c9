package platform

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"oalab/internal/jsonl"
	"oalab/mockwechat/ledger"
)

// keepCalls is how many calls a ledger without a file keeps.
const keepCalls = 100_000

// callLog is the ledger of a platform: a file, or the last calls in memory.
type callLog struct {
	file *jsonl.Writer
	path string

	mu    sync.Mutex
	calls []ledger.Call // without a file; a ring once it is full
	next  int
	mark  int64 // with a file: where the lines since the last reset begin
}

func openLog(path string) (*callLog, error) {
	if path == "" {
		return &callLog{}, nil
	}
	w, err := jsonl.Append(path)
	if err != nil {
		return nil, fmt.Errorf("mockwechat: ledger: %w", err)
	}
	return &callLog{file: w, path: path}, nil
}

// write records a call before its answer is heard of.
func (l *callLog) write(c *ledger.Call) error {
	if l.file != nil {
		return l.file.Write(c)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.calls) < keepCalls {
		l.calls = append(l.calls, *c)
		return nil
	}
	l.calls[l.next] = *c
	l.next = (l.next + 1) % keepCalls
	return nil
}

// reset forgets what each shows. A file keeps its lines: they are evidence.
func (l *callLog) reset() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls, l.next = nil, 0
	if l.file == nil {
		return nil
	}
	info, err := os.Stat(l.path)
	if err != nil {
		return fmt.Errorf("mockwechat: ledger: %w", err)
	}
	l.mark = info.Size()
	return nil
}

// each calls yield for every call since the last reset, oldest first.
func (l *callLog) each(yield func(*ledger.Call) error) error {
	if l.file == nil {
		l.mu.Lock()
		calls := make([]ledger.Call, 0, len(l.calls))
		calls = append(append(calls, l.calls[l.next:]...), l.calls[:l.next]...)
		l.mu.Unlock()
		for i := range calls {
			if err := yield(&calls[i]); err != nil {
				return err
			}
		}
		return nil
	}
	l.mu.Lock()
	mark := l.mark
	l.mu.Unlock()
	f, err := os.Open(l.path)
	if err != nil {
		return fmt.Errorf("mockwechat: ledger: %w", err)
	}
	defer func() { _ = f.Close() }()
	if _, err := f.Seek(mark, io.SeekStart); err != nil {
		return fmt.Errorf("mockwechat: ledger: %w", err)
	}
	return eachLine(bufio.NewReader(f), yield)
}

func eachLine(r *bufio.Reader, yield func(*ledger.Call) error) error {
	for {
		line, err := r.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil // a line without its end is still being written
		}
		if err != nil {
			return fmt.Errorf("mockwechat: ledger: %w", err)
		}
		var c ledger.Call
		if err := json.Unmarshal(line, &c); err != nil {
			return fmt.Errorf("mockwechat: ledger: %w", err)
		}
		if err := yield(&c); err != nil {
			return err
		}
	}
}

func (l *callLog) close() error {
	if l.file == nil {
		return nil
	}
	return l.file.Close()
}
