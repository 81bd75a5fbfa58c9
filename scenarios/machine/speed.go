package machine

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"oalab/scenarios/history"
)

// Times of one unit of work on the reference machine, in seconds: two shared cores (AMD
// EPYC) with nothing else to do, the machine of the figures in docs/machine.md, which
// also says how these were measured.
const (
	referenceProcessors = 1.55e-6
	referenceRoundTrip  = 16e-6
	referenceStart      = 1.1e-3
	referenceCommit     = 0.5e-3
)

// rounds is how often everything is timed. The median of them is not moved by another
// process that runs in fewer than half of them.
const rounds = 7

// limits of one round of a part: the time for work that is counted, and the count of work
// that is timed.
const (
	roundFor   = 30 * time.Millisecond
	pairs      = 8
	startsEach = 4
	commits    = 4
)

// Speed times work of the kinds that a run is made of: processor time on all cores, round
// trips over the loopback, starts of processes, commits to the disk of dir. It takes about
// a second and the whole machine. A part that the system does not have is left out.
func Speed(ctx context.Context, dir string) (_ []history.SpeedPart, err error) {
	loop, err := openLoopback(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, loop.close()) }()
	parts := []part{
		{"processors", referenceProcessors, 1, processors},
		{"loopback round trips", referenceRoundTrip, 1, loop.roundTrips},
		// The weight is below 1 because stores batch commits: on a slower disk more commits
		// share one write.
		{"commits to disk", referenceCommit, 0.5, func(ctx context.Context) (float64, error) { return commit(ctx, dir) }},
	}
	if program, err := exec.LookPath("true"); err == nil {
		parts = append(parts, part{"starts of a process", referenceStart, 1, func(ctx context.Context) (float64, error) { return start(ctx, program) }})
	}
	times := make([][]float64, len(parts))
	for range rounds {
		for i, p := range parts {
			s, err := p.unit(ctx)
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				return nil, fmt.Errorf("time the machine: %s: %w", p.name, err)
			}
			times[i] = append(times[i], s)
		}
	}
	list := make([]history.SpeedPart, len(parts))
	for i, p := range parts {
		slices.Sort(times[i])
		list[i] = history.SpeedPart{
			Name: p.name, ReferenceS: p.referenceS, MedianS: times[i][rounds/2],
			LeastS: times[i][0], MostS: times[i][rounds-1], Rounds: rounds, Weight: p.weight,
		}
	}
	return list, nil
}

// part is a kind of work: unit does some of it and returns the seconds of one unit.
type part struct {
	name       string
	referenceS float64
	weight     float64
	unit       func(context.Context) (float64, error)
}

// MostFactor bounds the factor. A slower measurement means that the machine was stuck.
const MostFactor = 16

// Factor is how many times as long the machine takes as the reference one, by the part
// that is the slowest in comparison: a run needs all of them. It is 1 at least and
// MostFactor at most.
func Factor(parts []history.SpeedPart) float64 {
	f := 1.0
	for _, p := range parts {
		f = max(f, p.Factor())
	}
	return min(f, MostFactor)
}

// processors hashes on all cores and returns the time of one hash of 4 KiB, as if one
// after the other.
func processors(context.Context) (float64, error) {
	var units atomic.Int64
	var all sync.WaitGroup
	began := time.Now()
	for range runtime.GOMAXPROCS(0) {
		all.Go(func() {
			block := make([]byte, 4096)
			for time.Since(began) < roundFor {
				sum := sha256.Sum256(block)
				copy(block, sum[:])
				units.Add(1)
			}
		})
	}
	all.Wait()
	return time.Since(began).Seconds() / float64(units.Load()), nil
}

// loopback is some pairs of connected sockets; the far end of each sends back what it gets.
type loopback struct {
	near []net.Conn
	far  []net.Conn
	done sync.WaitGroup
}

func openLoopback(ctx context.Context) (_ *loopback, err error) {
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("time the machine: listen on the loopback: %w", err)
	}
	defer func() { err = errors.Join(err, ln.Close()) }()
	l := &loopback{}
	for range pairs {
		near, err := new(net.Dialer).DialContext(ctx, "tcp", ln.Addr().String())
		if err != nil {
			return nil, errors.Join(fmt.Errorf("time the machine: %w", err), l.close())
		}
		l.near = append(l.near, near)
		far, err := ln.Accept()
		if err != nil {
			return nil, errors.Join(fmt.Errorf("time the machine: %w", err), l.close())
		}
		l.far = append(l.far, far)
		l.done.Go(func() { _, _ = io.Copy(far, far) }) // until the near end closes
	}
	return l, nil
}

// close ends all pairs.
func (l *loopback) close() error {
	var errs []error
	for _, c := range l.near {
		errs = append(errs, c.Close())
	}
	l.done.Wait()
	for _, c := range l.far {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}

// roundTrips sends 512 bytes to and fro on all pairs and returns the time of one round
// trip, as if one after the other.
func (l *loopback) roundTrips(context.Context) (float64, error) {
	var trips atomic.Int64
	errs := make([]error, len(l.near))
	var all sync.WaitGroup
	began := time.Now()
	for i, c := range l.near {
		all.Go(func() {
			message := make([]byte, 512)
			for time.Since(began) < roundFor && errs[i] == nil {
				_, err := c.Write(message)
				if err == nil {
					_, err = io.ReadFull(c, message)
				}
				errs[i] = err
				trips.Add(1)
			}
		})
	}
	all.Wait()
	return time.Since(began).Seconds() / float64(trips.Load()), errors.Join(errs...)
}

// start runs a program that does nothing and returns the time of one run.
func start(ctx context.Context, program string) (float64, error) {
	began := time.Now()
	for range startsEach {
		if err := exec.CommandContext(ctx, program).Run(); err != nil {
			return 0, err
		}
	}
	return time.Since(began).Seconds() / startsEach, nil
}

// commit writes 4 KiB to the disk of a folder and returns the time of one commit.
func commit(_ context.Context, dir string) (_ float64, err error) {
	f, err := os.Create(filepath.Join(dir, ".speed"))
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, f.Close(), os.Remove(f.Name())) }()
	block := make([]byte, 4096)
	if _, err := f.Write(block); err != nil { // the file itself is made outside of the time
		return 0, err
	}
	if err := f.Sync(); err != nil {
		return 0, err
	}
	began := time.Now()
	for range commits {
		if _, err := f.Write(block); err != nil {
			return 0, err
		}
		if err := f.Sync(); err != nil {
			return 0, err
		}
	}
	return time.Since(began).Seconds() / commits, nil
}
