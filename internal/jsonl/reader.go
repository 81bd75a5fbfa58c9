package jsonl

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// The ways in which a file of lines can be broken, for errors.Is.
var (
	// ErrTorn marks a last line without its line feed: the writer died or the file was cut.
	ErrTorn = errors.New("ends inside a line")
	// ErrMalformed marks a line that is not one JSON value of the wanted shape.
	ErrMalformed = errors.New("malformed line")
)

// Read returns the values of a file, one for each line, in order; an empty file
// gives none. It is strict: a torn last line, an empty line, text behind the value
// or a field that T does not have is an error that names path and line, and no
// values come with it. Half of the evidence is not evidence.
func Read[T any](path string) ([]T, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read lines file: %w", err)
	}
	defer func() { _ = f.Close() }() // only read from
	return Decode[T](f, path)
}

// Decode is Read from an open stream; name stands for the path in errors.
func Decode[T any](r io.Reader, name string) ([]T, error) {
	var (
		out []T
		br  = bufio.NewReaderSize(r, 1<<16)
	)
	for n := 1; ; n++ {
		line, err := br.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			if len(line) > 0 {
				return nil, fmt.Errorf("%s:%d: %w", name, n, ErrTorn)
			}
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, n, err)
		}
		v, err := decodeLine[T](line)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w: %w", name, n, ErrMalformed, err)
		}
		out = append(out, v)
	}
}

func decodeLine[T any](line []byte) (T, error) {
	var v T
	dec := json.NewDecoder(bytes.NewReader(line))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&v); err != nil {
		return v, err
	}
	if rest := bytes.TrimSpace(line[dec.InputOffset():]); len(rest) > 0 {
		return v, fmt.Errorf("text behind the value: %.40q", rest)
	}
	return v, nil
}
