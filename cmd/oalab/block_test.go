package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"oalab/cmd/internal/proc"
	"oalab/scenarios/runner"
)

// screen is a terminal as far as the block uses one: it understands new lines,
// carriage returns, going up, clearing below, and skips colours. What is written
// beyond the last column is kept, so that a test can see it.
type screen struct {
	mu       sync.Mutex
	lines    [][]byte
	row, col int
	drawn    int // writes
}

func (s *screen) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drawn++
	for rest := b; len(rest) > 0; {
		switch c := rest[0]; c {
		case '\n':
			s.row, s.col, rest = s.row+1, 0, rest[1:]
		case '\r':
			s.col, rest = 0, rest[1:]
		case '\x1b':
			end := bytes.IndexAny(rest, "AJm")
			if end < 0 {
				return 0, fmt.Errorf("an unknown sequence: %q", rest)
			}
			s.sequence(rest[end], string(rest[2:end]))
			rest = rest[end+1:]
		default:
			s.put(c)
			rest = rest[1:]
		}
	}
	return len(b), nil
}

func (s *screen) sequence(final byte, arg string) {
	switch final {
	case 'A':
		n := 0
		_, _ = fmt.Sscan(arg, &n)
		s.row = max(0, s.row-n)
	case 'J':
		if s.row < len(s.lines) {
			s.lines = s.lines[:s.row+1]
			s.lines[s.row] = s.lines[s.row][:min(s.col, len(s.lines[s.row]))]
		}
	}
}

func (s *screen) put(c byte) {
	for len(s.lines) <= s.row {
		s.lines = append(s.lines, nil)
	}
	for len(s.lines[s.row]) <= s.col {
		s.lines[s.row] = append(s.lines[s.row], ' ')
	}
	s.lines[s.row][s.col] = c
	s.col++
}

// text is what stands on the screen.
func (s *screen) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var b strings.Builder
	for _, line := range s.lines {
		b.Write(append(bytes.TrimRight(line, " "), '\n'))
	}
	return b.String()
}

// await waits until the screen shows a text, and is drawn twice after that.
func (s *screen) await(t *testing.T, want string) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	seen := -1
	for time.Now().Before(deadline) {
		if seen < 0 && strings.Contains(s.text(), want) {
			seen = s.draws()
		}
		if seen >= 0 && s.draws() >= seen+2 {
			return
		}
		<-time.After(time.Millisecond)
	}
	t.Fatalf("the screen never showed %q:\n%s", want, s.text())
}

func (s *screen) draws() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.drawn
}

func testBlock(columns, rows int) (*block, *stream, *screen) {
	scr := &screen{}
	out := &stream{w: scr}
	b := newBlock(out, terminal{size: func() (int, int) { return columns, rows }, colour: true})
	b.every = 2 * time.Millisecond
	return b, out, scr
}

func TestBlockLeavesACleanScreen(t *testing.T) {
	defer goleak.VerifyNone(t)
	b, out, scr := testBlock(61, 30)
	fmt.Fprintln(out, "before")
	b.show(runner.Tick{Scenario: "smoke", Arm: "main", Phase: "calibrate"})
	scr.await(t, "calibrate")
	b.show(loaded())
	scr.await(t, "carrier-slow")
	_, _ = io.WriteString(scr, "^C") // what a terminal does when the key is pressed
	fmt.Fprintln(out, "oalab: interrupted")
	scr.await(t, "oalab: interrupted")
	b.show(changed(loaded(), func(t *runner.Tick) { t.AtS, t.LeftS, t.FaultsOver = 45, 0, 2 }))
	b.end()
	fmt.Fprintln(out, "after")

	want := `before
oalab: interrupted
smoke/main   over   45s
[==========================================] 100%  load over
load     failed 3 of 2000
faults   2 of 4 carried out
after
`
	if diff := cmp.Diff(want, scr.text()); diff != "" {
		t.Errorf("screen (-want +got):\n%s", diff)
	}
}

func TestBlockKeepsALineOfEachArm(t *testing.T) {
	defer goleak.VerifyNone(t)
	b, _, scr := testBlock(61, 30)
	b.show(changed(loaded(), func(t *runner.Tick) { t.LeftS = 0 }))
	b.show(runner.Tick{Scenario: "smoke", Arm: "control", Phase: "start"})
	scr.await(t, "smoke/control   start")
	b.end()
	want := "smoke/main  over  10s  failed 3 of 2000  faults 1 of 4 carried out\nsmoke/control   over   0s\n"
	if diff := cmp.Diff(want, scr.text()); diff != "" {
		t.Errorf("screen (-want +got):\n%s", diff)
	}
}

// A block that is as high as the screen would push its own first line out of reach.
func TestBlockIsLowerThanTheScreen(t *testing.T) {
	defer goleak.VerifyNone(t)
	for _, rows := range []int{1, 2, 4} {
		b, _, scr := testBlock(41, rows)
		b.show(loaded())
		scr.await(t, "smoke/main")
		if n := strings.Count(scr.text(), "\n"); n > max(1, rows-1) {
			t.Errorf("%d lines on a screen of %d", n, rows)
		}
		b.end()
	}
}

func TestBlockWithoutATick(t *testing.T) {
	b, out, scr := testBlock(61, 30)
	b.end()
	fmt.Fprintln(out, "oalab: a usage error")
	if diff := cmp.Diff("oalab: a usage error\n", scr.text()); diff != "" {
		t.Errorf("screen (-want +got):\n%s", diff)
	}
}

// A terminal that goes away takes neither the run nor its errors with it.
func TestBlockSurvivesItsTerminal(t *testing.T) {
	defer goleak.VerifyNone(t)
	gone := &goneAfter{left: 1}
	b := newBlock(&stream{w: gone}, terminal{size: func() (int, int) { return 80, 24 }})
	b.every = time.Millisecond
	b.show(loaded())
	for range 100 {
		fmt.Fprintln(b.out, "a line")
		b.show(loaded())
	}
	b.end()
}

type goneAfter struct {
	mu   sync.Mutex
	left int
}

func (g *goneAfter) Write(b []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.left--; g.left < 0 {
		return 0, io.ErrClosedPipe
	}
	return len(b), nil
}

func TestNoTerminal(t *testing.T) {
	file, err := os.Create(t.TempDir() + "/stderr")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	env := proc.Proc{LookupEnv: func(string) (string, bool) { return "xterm", true }}
	for _, w := range []io.Writer{file, &bytes.Buffer{}} {
		if terminalOf(w, env) != nil {
			t.Errorf("%T is taken for a terminal", w)
		}
	}
}
