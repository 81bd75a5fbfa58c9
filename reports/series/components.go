package series

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"

	wl "oalab/mockwechat/ledger"
	"oalab/scenarios/account"
	"oalab/scenarios/history"
)

// statusSeries is what a readiness probe reads: the status of the answer.
const statusSeries = "status"

// Counters of the server about the carrier, by operation and class of error.
const (
	callsCounter  = "oalab_carrier_calls_total"
	errorsCounter = "oalab_carrier_errors_total"
)

// probed is what a readiness probe saw. Each answer holds until the next question; a
// gap of more than three usual intervals is unseen.
func probed(samples []history.Sample, probe string, end float64) (Strip, bool) {
	var asked []Span
	for _, s := range samples {
		if s.Probe != probe || s.Name != statusSeries && s.Error == "" {
			continue
		}
		state := Up
		if s.Error != "" || s.Value < http.StatusOK || s.Value >= http.StatusMultipleChoices {
			state = Down
		}
		asked = append(asked, Span{FromS: max(0, s.AtS), State: state})
	}
	slices.SortStableFunc(asked, func(x, y Span) int { return cmp.Compare(x.FromS, y.FromS) })
	every := usual(asked)
	strip := Strip{Component: strings.ReplaceAll(probe, ".", " "), Seen: fmt.Sprintf("asked every %.0f ms", every*1000)}
	if strip.Component == "server ready" {
		strip.Component = "server readiness"
	}
	cursor := 0.0
	for i, p := range asked {
		if p.FromS >= end {
			break
		}
		if p.FromS-cursor > every {
			strip.Spans = extend(strip.Spans, Span{cursor, p.FromS, Unseen})
		} else if len(strip.Spans) == 0 {
			p.FromS = cursor
		}
		p.ToS = min(end, p.FromS+3*every)
		if i+1 < len(asked) {
			p.ToS = min(p.ToS, asked[i+1].FromS)
		}
		strip.Spans = extend(strip.Spans, p)
		cursor = p.ToS
	}
	if cursor < end {
		strip.Spans = extend(strip.Spans, Span{cursor, end, Unseen})
	}
	return strip, len(asked) > 0
}

// usual is the median time between two questions, or the resolution without two.
func usual(asked []Span) float64 {
	var gaps []float64
	for i := 1; i < len(asked); i++ {
		gaps = append(gaps, asked[i].FromS-asked[i-1].FromS)
	}
	if len(gaps) == 0 {
		return resolution
	}
	slices.Sort(gaps)
	return max(gaps[len(gaps)/2], 1e-3)
}

// counted is a strip of what was tallied.
func counted(component, seen string, t tally, end float64) (Strip, bool) {
	spans, observed := t.spans(end)
	return Strip{Component: component, Seen: seen, Spans: spans}, observed
}

// callbacks is the service as followers saw it: whether the tries that began in an interval
// got a correct answer.
func callbacks(a *history.Arm, end float64) (Strip, bool) {
	return tries(a, end, "callbacks", "every try, as followers saw it", func(d wl.Delivery) bool { return d.OK })
}

// virtualIP is whether a request to the virtual IP got an answer, over the time of the
// request.
func virtualIP(a *history.Arm, end float64) (Strip, bool) {
	t := newTally(end)
	for _, q := range account.Asks(a.Samples) {
		if q.OK {
			t.count(q.AtS, 1, 0)
		} else {
			t.count(q.AtS, 0, 1)
		}
	}
	return counted("virtual IP", "asked every 10 ms", t, end)
}

// inbound is the link from the platform to the server: whether connections were had
// and kept.
func inbound(a *history.Arm, end float64) (Strip, bool) {
	return tries(a, end, "link platform → server", "every try: refused or cut", func(d wl.Delivery) bool {
		c := classOf(d)
		return c != ClassRefused && c != ClassCut
	})
}

func tries(a *history.Arm, end float64, component, seen string, good func(wl.Delivery) bool) (Strip, bool) {
	t := newTally(end)
	for _, d := range a.Deliveries {
		if !ours(a, d) {
			continue
		}
		if good(d) {
			t.count(a.Seconds(d.At), 1, 0)
		} else {
			t.count(a.Seconds(d.At), 0, 1)
		}
	}
	return counted(component, seen, t, end)
}

// platform is the platform's API as the server met it: calls answered without an
// error code.
func platform(a *history.Arm, end float64) (Strip, bool) {
	t := newTally(end)
	for _, c := range a.WeChat {
		if c.Kind != wl.KindAPI {
			continue
		}
		if c.ErrCode == 0 && c.Status < http.StatusBadRequest {
			t.count(a.Seconds(c.At), 1, 0)
		} else {
			t.count(a.Seconds(c.At), 0, 1)
		}
	}
	return counted("platform API", "every call of the server", t, end)
}

// carrier is the carrier as the server saw it: calls and errors of any class.
func carrier(samples []history.Sample, end float64) (Strip, bool) {
	t := newTally(end)
	for _, r := range rises(samples) {
		t.count(r.at, int(r.calls-r.failed), int(r.failed))
	}
	return counted("carrier", "calls and errors that the server counted", t, end)
}

// carrierLink is the link to the carrier: connections refused or reset. What failed
// otherwise says nothing about the link.
func carrierLink(samples []history.Sample, end float64) (Strip, bool) {
	t := newTally(end)
	for _, r := range rises(samples) {
		t.count(r.at, int(r.calls-r.failed), int(r.cut))
	}
	return counted("link server → carrier", "connections that the server found refused or reset", t, end)
}

// rise is by how much the server's counters about the carrier rose between two samples.
type rise struct{ at, calls, failed, cut float64 }

// rises reads the counters; one that fell belongs to a server that was started again.
func rises(samples []history.Sample) []rise {
	last := map[string]float64{}
	var out []rise
	for _, s := range samples {
		isCall, isError := strings.HasPrefix(s.Name, callsCounter), strings.HasPrefix(s.Name, errorsCounter)
		if s.Error != "" || !isCall && !isError {
			continue
		}
		key := s.Probe + "\x00" + s.Name
		before, known := last[key]
		last[key] = s.Value
		if !known {
			continue
		}
		by := s.Value - before
		if by < 0 {
			by = s.Value
		}
		// It was seen at AtS and happened in the interval before.
		at := max(0, s.AtS-resolution/2)
		if n := len(out); n == 0 || out[n-1].at != at {
			out = append(out, rise{at: at})
		}
		r := &out[len(out)-1]
		switch {
		case isCall:
			r.calls += by
		case strings.Contains(s.Name, `class="refused"`) || strings.Contains(s.Name, `class="reset"`):
			r.cut += by
			r.failed += by
		default:
			r.failed += by
		}
	}
	return out
}
