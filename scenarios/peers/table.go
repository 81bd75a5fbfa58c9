package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"
)

// printTable prints the medians, one block a shape, with the ratios that carry over.
func printTable(w io.Writer, all map[string]measured) error {
	peers := slices.Insert(slices.Clone(servers), 1, peerVegeta)
	ms := func(s float64) string { return fmt.Sprintf("%.2f", s*1000) }
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	var errs []error
	line := func(cells ...any) {
		for _, c := range cells {
			_, err := fmt.Fprintf(t, "%v\t", c)
			errs = append(errs, err)
		}
		_, err := fmt.Fprintln(t)
		errs = append(errs, err)
	}
	for _, s := range shapes {
		columns := []any{s.name, "req/s", "p50 ms", "p99 ms", "cpu ms/req", "x sdk", "x usual", "p50 x byhand", "p99 x byhand"}
		if s.name == shapeOverload {
			columns = append(columns, "x its closed", "refused", "failed", "undone")
		}
		line(columns...)
		base := func(peer string) middle { return medians(all[peer][s.name]) }
		for _, peer := range peers {
			samples := all[peer][s.name]
			if len(samples) == 0 {
				continue
			}
			m := medians(samples)
			cells := []any{
				peer, fmt.Sprintf("%.0f", m.perS), ms(m.p50), ms(m.p99), fmt.Sprintf("%.4f", m.cpu),
				ratio(m.perS, base(peerSDK).perS), ratio(m.perS, base(peerUsual).perS), ratio(m.p50, base(byHandOf(peer)).p50), ratio(m.p99, base(byHandOf(peer)).p99),
			}
			if s.name == shapeOverload {
				count := func(of func(sample) int) string {
					return fmt.Sprintf("%.0f", medianOf(samples, func(s sample) float64 { return float64(of(s)) }))
				}
				cells = append(cells, ratio(m.perS, medians(all[peer][shapeClosed]).perS),
					count(func(s sample) int { return s.refused }), count(func(s sample) int { return s.failed }), count(func(s sample) int { return s.undone }))
			}
			line(cells...)
		}
		line()
	}
	return errors.Join(append(errs, t.Flush())...)
}

// byHandOf is the peer that does by hand what this one does, in a store of the same kind.
func byHandOf(peer string) string {
	if peer == peerOursFile || peer == peerByHandFile {
		return peerByHandFile
	}
	return peerByHand
}

// middle is the medians of one peer under one shape, times in seconds.
type middle struct{ perS, p50, p99, cpu float64 }

func medians(samples []sample) middle {
	seconds := func(of func(sample) time.Duration) float64 {
		return medianOf(samples, func(s sample) float64 { return of(s).Seconds() })
	}
	return middle{
		perS: medianOf(samples, func(s sample) float64 { return s.perS }),
		p50:  seconds(func(s sample) time.Duration { return s.p50 }),
		p99:  seconds(func(s sample) time.Duration { return s.p99 }),
		cpu:  medianOf(samples, func(s sample) float64 { return s.cpu }),
	}
}

func ratio(a, b float64) string {
	if b == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f", a/b)
}
