package userlog

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func numbered(n int) Message {
	return Message{
		Account: "demo", OpenID: "oFollower", Key: fmt.Sprint("m", n), Type: "text", Content: "流量 \"<&>\" \n\u2028", Answer: "reply",
		SentAt: 1795518000 + int64(n), ReceivedAt: 1795518000123,
	}
}

func lineOf(tb testing.TB, m Message) []byte {
	tb.Helper()
	line, err := appendLine(nil, m)
	if err != nil {
		tb.Fatal(err)
	}
	return line
}

func readAll(t *testing.T, raw []byte) (keys []string, bad int) {
	t.Helper()
	bad, err := readLines(bytes.NewReader(raw), func(m Message) error {
		keys = append(keys, m.Key)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return keys, bad
}

func TestLinesComeBack(t *testing.T) {
	want := numbered(1)
	line := lineOf(t, want)
	if n := bytes.Count(line, []byte("\n")); n != 1 || line[len(line)-1] != '\n' {
		t.Errorf("a message is not one line: %q", line)
	}
	bad, err := readLines(bytes.NewReader(line), func(got Message) error {
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		return nil
	})
	if bad != 0 || err != nil {
		t.Errorf("%d bad, %v", bad, err)
	}
}

// Whatever a kill or a full disk leaves of a line costs that line alone.
func TestDamageCostsItsOwnLine(t *testing.T) {
	line := func(n int) []byte { return lineOf(t, numbered(n)) }
	flipped := line(2)
	flipped[30] ^= 1
	for _, tt := range []struct {
		name string
		raw  [][]byte
		want string
		bad  int
	}{
		{"nothing", nil, "", 0},
		{"whole", [][]byte{line(1), line(2)}, "m1 m2", 0},
		{"a torn end", [][]byte{line(1), line(2)[:40]}, "m1", 1},
		{"an end without its line feed", [][]byte{line(1), bytes.TrimSuffix(line(2), []byte("\n"))}, "m1", 1},
		{"a changed byte", [][]byte{line(1), flipped, line(3)}, "m1 m3", 1},
		{"zeros of a file that was not written", [][]byte{line(1), make([]byte, 4096)}, "m1", 1},
		{"an empty line", [][]byte{line(1), []byte("\n"), line(3)}, "m1 m3", 1},
		{"a line without end", [][]byte{line(1), bytes.Repeat([]byte("x"), 3*maxLine), []byte("\n"), line(3)}, "m1 m3", 1},
		{"a sum of something else", [][]byte{line(1), []byte("00000000 {}\n"), line(3)}, "m1 m3", 1},
	} {
		if keys, bad := readAll(t, bytes.Join(tt.raw, nil)); strings.Join(keys, " ") != tt.want || bad != tt.bad {
			t.Errorf("%s: %q, %d bad; want %q, %d", tt.name, keys, bad, tt.want, tt.bad)
		}
	}
}

func FuzzSpoolReader(f *testing.F) {
	f.Add([]byte(""))
	f.Add([]byte("\n"))
	f.Add(lineOf(f, numbered(7))[:50])
	f.Add(append(lineOf(f, numbered(7)), "00000000 {}\n"...))
	f.Fuzz(func(t *testing.T, garbage []byte) {
		before, after := lineOf(t, numbered(1)), lineOf(t, numbered(2))
		keys, bad := readAll(t, bytes.Join([][]byte{before, garbage, []byte("\n"), after}, nil))
		if len(keys) < 2 || keys[0] != "m1" || keys[len(keys)-1] != "m2" {
			t.Errorf("read %q around %q", keys, garbage)
		}
		if n := bytes.Count(garbage, []byte("\n")) + 1; len(keys)-2+bad > n {
			t.Errorf("%d messages and %d bad lines of %d lines", len(keys)-2, bad, n)
		}
	})
}

func openTestSpool(t *testing.T, dir string) *spool {
	t.Helper()
	s, err := openSpool(dir, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.close)
	return s
}

func put(t *testing.T, s *spool, n int) error {
	t.Helper()
	f := s.add(lineOf(t, numbered(n)))
	<-f.done
	return f.err
}

// keysOf reads and removes all segments.
func keysOf(t *testing.T, s *spool) map[string]int {
	t.Helper()
	keys := make(map[string]int)
	for seg := s.oldest(); seg != nil; seg = s.oldest() {
		if _, err := s.read(seg, func(m Message) error { keys[m.Key]++; return nil }); err != nil {
			t.Fatal(err)
		}
		if err := s.remove(seg); err != nil {
			t.Fatal(err)
		}
	}
	return keys
}

func TestManyShareASync(t *testing.T) {
	s := openTestSpool(t, t.TempDir())
	const writers = 200
	var wg sync.WaitGroup
	for n := range writers {
		wg.Go(func() {
			if err := put(t, s, n); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if s.bytes.Load() == 0 {
		t.Error("an empty spool")
	}
	if keys := keysOf(t, s); len(keys) != writers {
		t.Errorf("%d messages, want %d", len(keys), writers)
	}
	if n := s.bytes.Load(); n != 0 {
		t.Errorf("%d bytes in an empty spool", n)
	}
}

// A reader and writers at once: nothing is removed that was not read.
func TestReplayWhileWriting(t *testing.T) {
	s := openTestSpool(t, t.TempDir())
	const writers, each = 8, 50
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				if err := put(t, s, w*each+i); err != nil {
					t.Error(err)
				}
			}
		})
	}
	written := make(chan struct{})
	go func() { wg.Wait(); close(written) }()
	seen := make(map[string]int)
	for done := false; !done; {
		select {
		case <-written:
			done = true
		default:
		}
		for key, n := range keysOf(t, s) {
			seen[key] += n
		}
	}
	if len(seen) != writers*each {
		t.Errorf("%d messages, want %d", len(seen), writers*each)
	}
}

// Two processes share a folder: a living one keeps its files, a dead one leaves them.
func TestAdoption(t *testing.T) {
	dir := t.TempDir()
	living, dying := openTestSpool(t, dir), openTestSpool(t, dir)
	for n, s := range []*spool{living, dying} {
		if err := put(t, s, n); err != nil {
			t.Fatal(err)
		}
	}
	next := openTestSpool(t, dir)
	if keys := keysOf(t, next); len(keys) != 0 {
		t.Errorf("took %v from the living", keys)
	}
	dying.close()
	if err := next.adopt(); err != nil {
		t.Fatal(err)
	}
	if err := next.adopt(); err != nil { // what is its own is not taken twice
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]int{"m1": 1}, keysOf(t, next)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]int{"m0": 1}, keysOf(t, living)); diff != "" {
		t.Error(diff)
	}
}

func TestSpoolSaysWhyNot(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "spool")
	s, err := openSpool(dir, 300)
	if err != nil {
		t.Fatal(err)
	}
	if err := put(t, s, 1); err != nil {
		t.Error(err)
	}
	if err := put(t, s, 2); err == nil {
		t.Error("nothing bounds the spool")
	}
	keysOf(t, s)
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := put(t, s, 3); err == nil {
		t.Error("written into a folder that is gone")
	}
	if err := os.Mkdir(dir, 0o750); err != nil {
		t.Fatal(err)
	}
	if err := put(t, s, 4); err != nil {
		t.Errorf("the folder is back: %v", err)
	}
	s.close()
	if err := put(t, s, 5); err == nil {
		t.Error("written after the end")
	}
	if _, err := openSpool(filepath.Join(dir, "\x00"), 1); err == nil {
		t.Error("a folder that cannot be")
	}
}

// A disk that hangs: the message is answered in time, and counted once it is known
// how its line ended.
func TestStuckDisk(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		r := start(t, Config{Dir: dir})
		r.store.set(func(s *table) { s.err = errAway })
		r.writeAll(0, 1)
		r.spool.mu.Lock()
		r.spool.flushing = true // and it never ends
		r.spool.mu.Unlock()
		if wait := r.writeAll(1, 20); wait != 300*time.Millisecond {
			t.Errorf("waited %s", wait)
		}
		if late := r.metric("oalab_userlog_late_total"); late != 20 {
			t.Errorf("%g are late", late)
		}
		r.want("stuck", 0, 1, 0)
		r.spool.flush() // it ends
		synctest.Wait()
		r.want("the disk is back", 0, 21, 0)
		r.stop()
	})
}
