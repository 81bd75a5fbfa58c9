package fairness

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"

	"oalab/server/redpacket"
)

// workers bounds how many allocators are examined at a time: each holds some
// hundred megabytes.
const workers = 2

// Examine draws packets from every allocator and judges them (SCN-6). It is deterministic
// for a seed and a size, "short" or "full", except for the measured times. It ends early
// with the context's error.
func Examine(ctx context.Context, seed uint64, size string) (Report, error) {
	s, err := SizeNamed(size)
	if err != nil {
		return Report{}, err
	}
	return ExamineSuspects(ctx, seed, s, Suspects())
}

// ExamineSuspects does the same for other allocators, or the same ones under another
// promise. Each must have the name of an allocator whose ideal is known.
func ExamineSuspects(ctx context.Context, seed uint64, size Size, suspects []Suspect) (Report, error) {
	r := Report{Seed: seed, Size: size, Main: sourceSetting(), Alpha: Alpha, Beta: Beta, Allocators: make([]Judgement, len(suspects)), Reruns: make([]Rerun, len(suspects))}
	var err error
	if r.Printed, err = PrintedBySource(); err != nil {
		return Report{}, err
	}
	sheets := make([]*sheet, len(suspects))
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(workers)
	for i, suspect := range suspects {
		sheets[i] = &sheet{}
		group.Go(func() error {
			j, again, err := examineOne(groupCtx, seed, size, suspect, r.Printed, sheets[i])
			r.Allocators[i], r.Reruns[i] = j, again
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return Report{}, fmt.Errorf("examine allocators: %w", err)
	}
	judge(sheets, Alpha)
	for i := range r.Allocators {
		r.close(&r.Allocators[i], sheets[i].findings)
	}
	speeds, nanoseconds := map[string]Interval{}, map[string]float64{}
	for _, suspect := range suspects {
		t, err := splitTime(suspect, seed, size.Timed)
		if err != nil {
			return Report{}, err
		}
		speeds[suspect.Name()], nanoseconds[suspect.Name()] = t, t.Value
	}
	for _, again := range r.Reruns {
		if again.Allocator == (redpacket.Thesis{}).Name() {
			if r.Claims, err = checkClaims(r.Printed, again, r.Allocators); err != nil {
				return Report{}, err
			}
		}
	}
	r.Choice = choose(r.Allocators, nanoseconds)
	r.Figures = figures(r.Reruns, speeds, size.Timed)
	return r, ctx.Err()
}

// examineOne takes one allocator through all settings.
func examineOne(ctx context.Context, seed uint64, size Size, suspect Suspect, printed Printed, s *sheet) (Judgement, Rerun, error) {
	j := Judgement{Name: suspect.Name(), Promise: suspect.Promise, Claims: suspect.Promise.Text(suspect.Minimum())}
	runs := make([]int, 0, len(printed.Series))
	for _, series := range printed.Series {
		runs = append(runs, series.Runs)
	}
	again, err := rerun(suspect, seed, runs)
	if err != nil {
		return j, again, err
	}
	for _, setting := range settings() {
		exact, err := redpacket.Distribution(suspect, setting.Total, setting.Count)
		if err != nil {
			return j, again, err
		}
		splits, err := draw(suspect, setting, size.packets(setting), generator(seed, suspect.Name(), setting.String(), "packets"))
		if err != nil {
			return j, again, err
		}
		if setting == zeroSetting() {
			z := Zeros(splits)
			again.ZeroShare, again.ZeroRuns = wilson(z.WithZero, z.Packets), z.Packets
		}
		f, err := evidence{suspect: suspect, setting: setting, size: size, splits: splits, exact: exact}.try(ctx, seed, s)
		if err != nil {
			return j, again, err
		}
		if setting == sourceSetting() {
			j.Positions, j.Gini, j.Draws = f.positions, f.gini, f.draws
		}
	}
	return j, again, nil
}

// close puts the judged findings into the report.
func (r *Report) close(j *Judgement, findings []Finding) {
	j.Findings, j.Held = findings, true
	for _, f := range findings {
		if f.Claimed && f.Verdict != Acquitted {
			j.Held = false
		}
		if f.P != nil {
			r.Accusations++
		}
		if f.AgainstP != nil {
			r.Equivalences++
		}
	}
}
