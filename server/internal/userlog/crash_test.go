package userlog

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"testing"
	"time"
)

// childDir makes the test binary a process that answers messages without a
// database, and says on its output which of them it has answered.
const childDir = "OALAB_TEST_USERLOG_CHILD"

func runChild(dir string) {
	l, err := New(Config{Dir: dir}, &table{rows: make(map[string]int), err: errAway}, slog.New(slog.DiscardHandler), nil)
	if err != nil {
		panic(err)
	}
	go func() { _ = l.Run(context.Background()) }()
	for worker := range 8 {
		go func() {
			for i := 0; ; i++ {
				n := i*8 + worker
				l.Write(context.Background(), entry(numbered(n)))
				fmt.Println(n)
			}
		}()
	}
	select {}
}

// TestKilled kills a process that answers messages: each message that it answered
// is in the database of the next one, however the files end.
func TestKilled(t *testing.T) {
	dir := t.TempDir()
	answered := make(map[string]bool)
	for life := range 3 {
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), childDir+"="+dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for n := 0; n < 200*(life+1) && lines.Scan(); n++ {
			answered["m"+lines.Text()] = true
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		for lines.Scan() { // what it said before it died
			answered["m"+lines.Text()] = true
		}
		if err := cmd.Wait(); err == nil {
			t.Error("the process ended by itself")
		}
	}
	if len(answered) < 600 {
		t.Fatalf("only %d messages were answered", len(answered))
	}
	store := &table{rows: make(map[string]int)}
	l, err := New(Config{Dir: dir}, store, slog.New(slog.DiscardHandler), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if l.spool.bytes.Load() == 0 {
		t.Fatal("the spool of the dead is not found")
	}
	// A replay that is cut short is made again from the beginning.
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	store.takes = time.Millisecond
	if _, _, err := l.replayOnce(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("a replay that was cut short: %v", err)
	}
	if _, _, err := l.replayOnce(t.Context()); err != nil {
		t.Fatal(err)
	}
	for key := range answered {
		if store.rows[key] == 0 {
			t.Errorf("message %s was answered, and is lost", key)
		}
	}
	if n := l.spool.bytes.Load(); n != 0 {
		t.Errorf("%d bytes are left", n)
	}
}

// A file that ends in the middle of what was being written, as a loss of power
// leaves it.
func TestEveryTornEnd(t *testing.T) {
	whole := append(lineOf(t, numbered(1)), lineOf(t, numbered(2))...)
	first := len(lineOf(t, numbered(1)))
	for end := first; end < len(whole); end++ {
		keys, bad := readAll(t, whole[:end])
		if len(keys) != 1 || bad > 1 {
			t.Fatalf("%d of %d bytes: read %v, %d bad", end, len(whole), keys, bad)
		}
	}
}
