// Package jsonl owns the format of evidence and of ledgers that grow while a run goes on:
// one JSON value a line, handed to the kernel line by line, so that a killed writer
// loses nothing it said it wrote. The reader is strict: a line that is torn or
// malformed is an error, never a line less (REP-1).
package jsonl

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
)

// ErrClosed is returned by Write after Close.
var ErrClosed = errors.New("jsonl: writer is closed")

// Writer appends lines to one file. It is safe for concurrent use. The first
// error sticks: after a full disk every later Write fails as well, because a file
// with a hole in it must not look like a file without one.
type Writer struct {
	path string
	bufs sync.Pool // *bytes.Buffer, so that encoding happens outside the lock

	mu       sync.Mutex
	file     *os.File
	lines    int
	err      error
	closed   bool
	closeErr error
}

// Create makes a new file at path and opens it for writing. A file that is there
// already is an error (fs.ErrExist): evidence is never overwritten.
func Create(path string) (*Writer, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL|os.O_APPEND, 0o644)
	if err != nil {
		return nil, fmt.Errorf("create lines file: %w", err)
	}
	return newWriter(path, f), nil
}

// Append opens the file at path to write behind what is there, and creates it when
// it is missing. A file that ends inside a line is an error: the next line would be
// glued to the torn one.
func Append(path string) (*Writer, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return nil, fmt.Errorf("append to lines file: %w", err)
	}
	if err := endsWhole(f); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("append to lines file %s: %w", path, err)
	}
	return newWriter(path, f), nil
}

func newWriter(path string, f *os.File) *Writer {
	return &Writer{path: path, file: f, bufs: sync.Pool{New: func() any { return new(bytes.Buffer) }}}
}

func endsWhole(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if info.Size() == 0 {
		return nil
	}
	var last [1]byte
	if _, err := f.ReadAt(last[:], info.Size()-1); err != nil {
		return err
	}
	if last[0] != '\n' {
		return fmt.Errorf("%w: move the file away or cut it after its last whole line", ErrTorn)
	}
	return nil
}

// Write encodes v as one line and hands it to the kernel in one call before it
// returns: what was written survives the death of the process, though not the
// death of the machine. Values JSON cannot hold (NaN, channels) are errors and
// stick like any other.
func (w *Writer) Write(v any) error {
	buf := w.bufs.Get().(*bytes.Buffer)
	defer w.bufs.Put(buf)
	buf.Reset()
	enc := json.NewEncoder(buf) // ends the value with a line feed
	enc.SetEscapeHTML(false)    // replies are XML and are read by people
	encErr := enc.Encode(v)

	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.err != nil:
		return w.err
	case w.closed:
		return fmt.Errorf("write %s: %w", w.path, ErrClosed)
	case encErr != nil:
		w.err = fmt.Errorf("write %s: line %d cannot be encoded: %w", w.path, w.lines+1, encErr)
		return w.err
	}
	if _, err := w.file.Write(buf.Bytes()); err != nil {
		w.err = fmt.Errorf("write %s: line %d is lost or torn: %w", w.path, w.lines+1, err)
		return w.err
	}
	w.lines++
	return nil
}

// Lines is how many lines this writer has written.
func (w *Writer) Lines() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.lines
}

// Path is the file that is written.
func (w *Writer) Path() string { return w.path }

// Err is the error that stuck, or nil while every line so far has been written.
func (w *Writer) Err() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

// Close brings the file to disk (fsync) and closes it. It returns the error that
// stuck while writing, if any, and may be called again with the same answer.
func (w *Writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return w.closeErr
	}
	w.closed = true
	err := w.err
	if syncErr := w.file.Sync(); syncErr != nil && err == nil {
		err = fmt.Errorf("sync %s: %w", w.path, syncErr)
	}
	if closeErr := w.file.Close(); closeErr != nil && err == nil {
		err = fmt.Errorf("close %s: %w", w.path, closeErr)
	}
	w.closeErr = err
	return err
}
