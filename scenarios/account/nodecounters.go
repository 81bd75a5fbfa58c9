package account

import (
	"math"
	"strings"

	"oalab/scenarios/history"
)

// probeMetrics ends the name of the probe of a server's own figures.
const probeMetrics = ".metrics"

// counted adds what each server counted of itself: statements, look-ups and messages until
// the last operation was over, what it told followers also after that.
func (n *Nodes) counted(a *history.Arm, at map[string]int) {
	each := make([]own, len(n.Each))
	of := func(s source) *own {
		name, ok := strings.CutSuffix(s.probe, probeMetrics)
		if i, known := at[name]; ok && known {
			return &each[i]
		}
		return nil
	}
	eachRise(a.Samples, history.Window{ToS: LastEnd(a)}, isOwn, func(s source, by float64) {
		if o := of(s); o != nil {
			o.add(s.name, by)
		}
	})
	var all pushes
	isPush := func(name string) bool { return strings.HasPrefix(name, seriesPush) }
	eachRise(a.Samples, history.Window{ToS: math.Inf(1)}, isPush, func(s source, by float64) {
		if o := of(s); o != nil {
			o.push.add(s.name, by)
			all.add(s.name, by)
		}
	})
	n.Push = all.delay()
	for i, o := range each {
		s := &n.Each[i]
		s.PerMessage, s.Answered = o.statements/o.messages, int(o.messages)
		s.Hits, s.Looked = o.hits/(o.hits+o.misses), int(o.hits+o.misses)
		if !o.looks {
			s.Looked = -1
		}
		if o.statements == 0 || o.messages == 0 {
			s.PerMessage = math.NaN()
		}
		s.Push = o.push.delay()
	}
}

// own is what a server counted of itself.
type own struct {
	statements, messages, hits, misses float64
	push                               pushes
	looks                              bool // look-ups were counted
}

func isOwn(name string) bool {
	return SeriesMatches(name, SeriesStatements) || SeriesMatches(name, seriesMessages) || SeriesMatches(name, SeriesCache)
}

func (o *own) add(series string, by float64) {
	o.looks = o.looks || SeriesMatches(series, SeriesCache)
	switch {
	case SeriesMatches(series, SeriesOfOrders):
		// They are told of each order, not of each message.
	case SeriesMatches(series, SeriesStatements):
		o.statements += by
	case SeriesMatches(series, seriesMessages):
		o.messages += by
	case SeriesMatches(series, SeriesCache+`{result="hit"}`):
		o.hits += by
	case SeriesMatches(series, SeriesCache+`{result="miss"}`):
		o.misses += by
	}
}
