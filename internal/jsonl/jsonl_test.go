package jsonl_test

import (
	"bytes"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"oalab/internal/jsonl"
)

type record struct {
	A int     `json:"a"`
	B string  `json:"b"`
	F float64 `json:"f,omitempty"`
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.jsonl")
	w, err := jsonl.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	want := []record{{A: 1, B: "<xml>流水号</xml>"}, {A: 2, B: "line\nfeed"}, {}}
	for _, r := range want {
		if err := w.Write(r); err != nil {
			t.Fatal(err)
		}
	}
	// Every line is with the kernel before Close: a killed process loses none.
	got, err := jsonl.Read[record](path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Fatalf("read back (-want +got):\n%s", d)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatalf("second Close: %v", err)
	}
	if err := w.Write(record{}); !errors.Is(err, jsonl.ErrClosed) {
		t.Fatalf("Write after Close: %v, want ErrClosed", err)
	}
	if raw, _ := os.ReadFile(path); !bytes.Contains(raw, []byte("<xml>")) {
		t.Errorf("XML is escaped in %s", raw)
	}
}

func TestCreateNeverOverwritesAppendContinues(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.jsonl")
	for i := range 2 { // the first makes the file
		w, err := jsonl.Append(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Write(record{A: i}); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := jsonl.Create(path); !errors.Is(err, fs.ErrExist) {
		t.Errorf("Create over a file: %v, want fs.ErrExist", err)
	}
	got, err := jsonl.Read[record](path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]record{{A: 0}, {A: 1}}, got); d != "" {
		t.Errorf("after two appends (-want +got):\n%s", d)
	}
	if err := os.WriteFile(path, []byte(`{"a":1`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := jsonl.Append(path); !errors.Is(err, jsonl.ErrTorn) {
		t.Errorf("Append behind a torn line: %v, want ErrTorn", err)
	}
}

func TestWriteErrorsStick(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.jsonl")
	w, err := jsonl.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(record{F: math.NaN()}); err == nil || !strings.Contains(err.Error(), "line 1") {
		t.Fatalf("NaN: %v, want an error that names line 1", err)
	}
	if err := w.Write(record{A: 1}); err == nil {
		t.Error("a line after an error was taken")
	}
	if err := w.Close(); err == nil {
		t.Error("Close hides the error that stuck")
	}
	if w.Lines() != 0 {
		t.Errorf("Lines() = %d, want 0", w.Lines())
	}
}

func TestFullDiskIsAnError(t *testing.T) {
	const full = "/dev/full"
	if _, err := os.Stat(full); err != nil {
		t.Skip("no /dev/full on this system")
	}
	w, err := jsonl.Append(full)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(record{A: 1}); err == nil {
		t.Fatal("writing to a full disk succeeded")
	}
	if w.Err() == nil || w.Close() == nil {
		t.Error("the full disk is forgotten")
	}
}

func TestBrokenFilesAreErrors(t *testing.T) {
	for _, tc := range []struct {
		name, text string
		want       error
		at         string
	}{
		{"torn last line", "{\"a\":1}\n{\"a\":", jsonl.ErrTorn, ":2:"},
		{"whole value without line feed", "{\"a\":1}\n{\"a\":2}", jsonl.ErrTorn, ":2:"},
		{"line cut in the middle of the file", "{\"a\":1}\n{\"a\":\n{\"a\":3}\n", jsonl.ErrMalformed, ":2:"},
		{"two values on a line", "{\"a\":1} {\"a\":2}\n", jsonl.ErrMalformed, ":1:"},
		{"empty line", "{\"a\":1}\n\n", jsonl.ErrMalformed, ":2:"},
		{"unknown field", "{\"c\":1}\n", jsonl.ErrMalformed, ":1:"},
		{"wrong type", "{\"a\":\"1\"}\n", jsonl.ErrMalformed, ":1:"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := jsonl.Decode[record](strings.NewReader(tc.text), "f")
			if !errors.Is(err, tc.want) || !strings.Contains(err.Error(), tc.at) {
				t.Errorf("got %v, want %v at f%s", err, tc.want, tc.at)
			}
			if got != nil {
				t.Errorf("values came with the error: %v", got)
			}
		})
	}
	if _, err := jsonl.Read[record](filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing file: %v, want fs.ErrNotExist", err)
	}
}

func TestConcurrentWritersKeepLinesWhole(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.jsonl")
	w, err := jsonl.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	const writers, each = 8, 200
	var wg sync.WaitGroup
	for i := range writers {
		wg.Go(func() {
			for j := range each {
				if err := w.Write(record{A: i*each + j, B: strings.Repeat("x", j)}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	got, err := jsonl.Read[record](path)
	if err != nil {
		t.Fatal(err)
	}
	seen := make(map[int]bool)
	for _, r := range got {
		seen[r.A] = true
	}
	if len(got) != writers*each || len(seen) != writers*each {
		t.Errorf("%d lines, %d distinct, want %d", len(got), len(seen), writers*each)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte("{\"a\":1}\n"))
	f.Add([]byte("{\"a\":1}"))
	f.Add([]byte("\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		got, err := jsonl.Decode[record](bytes.NewReader(raw), "f")
		if err == nil && len(got) != bytes.Count(raw, []byte("\n")) {
			t.Errorf("%d values from %d lines", len(got), bytes.Count(raw, []byte("\n")))
		}
	})
}

func BenchmarkWrite(b *testing.B) {
	w, err := jsonl.Create(filepath.Join(b.TempDir(), "x.jsonl"))
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = w.Close() }()
	r := record{A: 1, B: strings.Repeat("回复", 60)}
	b.ReportAllocs()
	for b.Loop() {
		if err := w.Write(r); err != nil {
			b.Fatal(err)
		}
	}
}
