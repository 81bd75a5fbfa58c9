package reports

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"gonum.org/v1/plot/vg"

	"oalab/reports/plot"
	"oalab/scenarios/account"
	"oalab/scenarios/figure"
	"oalab/scenarios/history"
)

// The kinds of plots of an arm.
const (
	plotRate         = "rate"
	plotLatency      = "latency"
	plotCDF          = "latency-cdf"
	plotPercentiles  = "latency-percentiles"
	plotErrors       = "errors"
	plotAvailability = "availability"
	plotFailover     = "failover"
	plotOutages      = "outages"
	plotShares       = "shares"
	plotBands        = "bands"
	plotPools        = "pools"
	plotStepRate     = "steps-rate"
	plotStepTime     = "steps-response"
	plotGoodput      = "goodput"
)

// plotKinds are all kinds, those of measurements last.
func plotKinds() []string {
	kinds := []string{plotRate, plotLatency, plotCDF, plotPercentiles, plotErrors, plotAvailability, plotFailover, plotOutages, plotShares, plotBands, plotPools, plotStepRate, plotStepTime, plotGoodput}
	for _, m := range measurements() {
		for _, s := range m.plots {
			kinds = append(kinds, s.kind)
		}
	}
	return kinds
}

// has reports whether the arm has what a kind of plot draws.
func (e armEvidence) has(kind string) bool {
	switch kind {
	case plotFailover, plotOutages:
		return e.offered() && len(e.series.Failover.Faults) > 0
	case plotStepRate, plotStepTime:
		return e.offered() && len(account.Levels(e.arm)) > 0
	case plotGoodput:
		return e.offered() && overloaded(e.arm)
	case plotShares:
		return e.offered() && len(e.series.Shares.Names) > 0
	case plotBands, plotPools:
		return e.offered() && len(e.series.Pools.Hosts) > 0
	}
	if s, ok := sheetOf(kind); ok {
		return e.offered() && s.has(e.arm)
	}
	return e.offered()
}

// plotName is the name of a plot's files, without their ending.
func plotName(arm, kind string) string { return arm + "-" + kind }

// file is the path of a plot in the run folder.
func (p *picture) file(ending string) string { return DirPlots + "/" + p.Name + "." + ending }

// drawArm draws the plots of one arm: wide ones into files and the page, narrow ones
// into the page for telephones. A plot that cannot be drawn is told, not fatal.
func (r *run) drawArm(folder string, e *armEvidence, save saver) error {
	lanes, limits := lanesOf(e.arm.Record), r.limitsOn(e)
	e.plots = map[string]*picture{}
	for _, kind := range plotKinds() {
		if !e.has(kind) {
			continue
		}
		figure := func(width vg.Length) (plot.Drawing, string) {
			titled := func(f *plot.Figure) (plot.Drawing, string) { return f, f.Title }
			if s, ok := sheetOf(kind); ok {
				return titled(s.draw(e.arm).Figure(width))
			}
			switch kind {
			case plotFailover:
				lines := plot.Failover(e.series.Failover, width)
				return lines, lines.Title
			case plotOutages:
				return titled(plot.Outages(e.series.Failover, r.limitsOnOutages(e), width))
			case plotShares:
				return titled(plot.Shares(e.series, lanes, width))
			case plotBands:
				return titled(plot.Bands(e.series, lanes, width))
			case plotPools:
				return titled(plot.PoolSizes(e.series, lanes, width))
			case plotStepRate:
				return titled(figure59(e.arm).Figure(width))
			case plotStepTime:
				return titled(figure510(e.arm).Figure(width))
			case plotGoodput:
				return titled(goodput(e.arm).Figure(width))
			case plotRate:
				return titled(plot.Rate(e.series, lanes, width))
			case plotLatency:
				return titled(plot.Latency(e.series, lanes, limits, width))
			case plotCDF:
				return titled(plot.CDF(e.series, width))
			case plotPercentiles:
				return titled(plot.Percentiles(e.series, width))
			case plotErrors:
				return titled(plot.Errors(e.series, lanes, width))
			default:
				return titled(plot.Availability(e.series, lanes, width))
			}
		}
		wide, title := figure(plot.Wide)
		narrow, _ := figure(plot.Narrow)
		p := &picture{Name: plotName(e.name, kind), Title: title + ", arm " + e.name}
		e.plots[kind] = p
		var err error
		if p.Wide, err = plot.SVG(wide); err != nil {
			p.Trouble = err.Error()
			continue
		}
		if p.Narrow, err = plot.SVG(narrow); err != nil {
			p.Trouble = err.Error()
			continue
		}
		if err := save(folder, p.Name, wide); err != nil {
			return fmt.Errorf("%s: %w", filepath.Join(DirPlots, p.Name), err)
		}
	}
	return nil
}

// lanesOf are phases and faults of an arm for plots over time.
func lanesOf(rec history.ArmRecord) plot.Lanes {
	var l plot.Lanes
	for _, p := range rec.Phases {
		l.Phases = append(l.Phases, plot.Stretch{Name: p.Name, From: p.FromS, To: p.ToS})
	}
	for _, w := range rec.Windows {
		l.Faults = append(l.Faults, plot.Fault{Name: w.Fault, From: w.FromS, To: w.ToS, Healed: w.HealedS})
	}
	return l
}

// limitsOn are the objectives on latencies of an arm, where they hold.
func (r *run) limitsOn(e *armEvidence) []plot.Limit {
	var out []plot.Limit
	for _, f := range objectivesOf(r.Manifest) {
		base, fault, arm := r.split(f.Name)
		if arm != e.name || !strings.HasPrefix(base, "p") || !strings.HasSuffix(base, "_due_s") || !strings.HasPrefix(f.Relation, "<") {
			continue
		}
		l := plot.Limit{Name: strings.TrimSuffix(base, "_due_s") + " " + figure.Quantity(*f.Limit, f.Unit), Value: *f.Limit}
		for _, w := range e.arm.Record.Windows {
			if w.Fault == fault {
				l.Over = append(l.Over, plot.Stretch{From: w.FromS, To: w.ToS})
			}
		}
		if fault == "" {
			l.Over = []plot.Stretch{{From: 0, To: e.series.EndS}}
		}
		if i := slices.IndexFunc(out, func(o plot.Limit) bool { return o.Name == l.Name }); i >= 0 {
			out[i].Over = append(out[i].Over, l.Over...)
			continue
		}
		out = append(out, l)
	}
	return out
}

// limitsOnOutages are the objectives on outages of faults of an arm; those of one value
// are one.
func (r *run) limitsOnOutages(e *armEvidence) []plot.OutageLimit {
	var out []plot.OutageLimit
	for _, f := range objectivesOf(r.Manifest) {
		base, fault, arm := r.split(f.Name)
		if arm != e.name || fault == "" || !strings.HasPrefix(base, "outage_") || !strings.HasPrefix(f.Relation, "<") {
			continue
		}
		if i := slices.IndexFunc(out, func(o plot.OutageLimit) bool { return o.Fault == fault && o.Value == *f.Limit }); i >= 0 {
			out[i].Name = base + ", " + out[i].Name
			continue
		}
		out = append(out, plot.OutageLimit{Fault: fault, Name: base + " " + limit(f), Value: *f.Limit})
	}
	return out
}

// split takes the name of a figure apart: what it measures, the fault in whose
// windows, "" for none, and the arm.
func (r *run) split(name string) (base, fault, arm string) {
	if len(r.Arms) == 0 {
		return name, "", ""
	}
	base, rest, scoped := strings.Cut(name, "/")
	if !scoped {
		return base, "", r.Arms[0]
	}
	for _, a := range r.Arms[1:] {
		if rest == a {
			return base, "", a
		}
		if f, ok := strings.CutSuffix(rest, "@"+a); ok {
			return base, f, a
		}
	}
	return base, rest, r.Arms[0]
}

// show adds a plot of every arm that has it.
func (r *run) show(s *section, kinds ...string) {
	for _, e := range r.arms {
		if e.err == nil && !slices.ContainsFunc(kinds, e.has) {
			continue
		}
		if len(r.arms) > 1 || e.err != nil {
			s.heading("Arm " + e.name)
		}
		if e.err != nil {
			s.say("Its evidence cannot be read.")
			continue
		}
		s.plots(e, kinds...)
	}
}
