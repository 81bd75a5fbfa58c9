package check

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"

	"oalab/scenarios/history"
)

// Usage is what the kernel counted of the app servers over time, as the source sampled it
// (SCN-7): bytes received and sent by each in each interval, and the machine's load.
type Usage struct {
	Received, Sent []Flow    // of all app servers one after the other
	CPU            []Counted // processors that an app server used, of all one after the other
	Load           []Counted
	Busy           []Counted // processors that were busy on the machine
}

// Flow is traffic of one app server at the middle of an interval.
type Flow struct {
	Host     string
	AtS      float64
	MBPerMin float64 // 10⁶ bytes
}

// UsageOf reads the usage of an arm while its load lasted.
func UsageOf(a *history.Arm) Usage {
	var u Usage
	c, end := CountersOf(a), a.Record.Load.DurationS
	during := func(all []Counted) []Counted {
		return slices.DeleteFunc(slices.Clone(all), func(r Counted) bool { return r.AtS < 0 || r.AtS > end })
	}
	for _, host := range c.Apps() {
		for _, r := range rates(during(c.Of(host, history.CounterReceived))) {
			u.Received = append(u.Received, Flow{host, r.AtS, r.Value * 60 / 1e6})
		}
		for _, r := range rates(during(c.Of(host, history.CounterSent))) {
			u.Sent = append(u.Sent, Flow{host, r.AtS, r.Value * 60 / 1e6})
		}
	}
	for _, host := range c.Apps() {
		u.CPU = append(u.CPU, rates(during(c.Of(host, history.CounterCPU)))...)
	}
	u.Load = during(c.Of(history.MachineHost, history.GaugeLoad))
	u.Busy = rates(during(c.Of(history.MachineHost, history.CounterBusy)))
	return u
}

// rates are the rises of a counter a second, each at the middle of its interval.
func rates(all []Counted) []Counted {
	var out []Counted
	for i := 1; i < len(all); i++ {
		if over := all[i].AtS - all[i-1].AtS; over > 0 {
			out = append(out, Counted{(all[i].AtS + all[i-1].AtS) / 2, (all[i].Value - all[i-1].Value) / over})
		}
	}
	return out
}

// usage adds the figures of an arm that reads its clicks: shares of the menu's items with
// their intervals, in the order of the shares' keys, traffic of an app server, and load.
func (r *reckoning) usage() {
	if len(r.arm.Clicks) == 0 {
		return
	}
	clicks, total := ClicksByKey(r.arm), 0
	var keys []string
	for key, n := range clicks {
		keys = append(keys, key)
		total += n
	}
	slices.SortFunc(keys, func(a, b string) int { return cmp.Or(cmp.Compare(clicks[b], clicks[a]), strings.Compare(a, b)) })
	r.count("menu_clicks", total, total)
	for _, key := range keys {
		r.interval("menu_share_"+strings.ToLower(key), Share(clicks[key], total), unitRatio, total)
	}
	u := UsageOf(r.arm)
	for _, f := range []struct {
		name string
		of   []Flow
	}{{"received", u.Received}, {"sent", u.Sent}} {
		mean, most := 0.0, 0.0
		for _, v := range f.of {
			mean += v.MBPerMin / float64(len(f.of))
			most = max(most, v.MBPerMin)
		}
		if n := len(f.of); n > 0 {
			r.add("traffic_"+f.name+"_mean_mb_min", mean, "MB/min", n)
			r.add("traffic_"+f.name+"_max_mb_min", most, "MB/min", n)
		}
	}
	for _, g := range []struct {
		name string
		of   []Counted
	}{{"load", u.Load}, {"processors_busy", u.Busy}, {"app_processors", u.CPU}} {
		mean, most, above := MeanMaxAbove(g.of, 2)
		if n := len(g.of); n > 0 {
			r.add(g.name+"_mean", mean, unitCount, n)
			r.add(g.name+"_max", most, unitCount, n)
			if g.name == "load" {
				r.add("load_above_"+strconv.Itoa(2)+"_ratio", above, unitRatio, n)
			}
		}
	}
}

// MeanMaxAbove are the mean and the largest of readings, and the share of them above a
// threshold; NaN without readings.
func MeanMaxAbove(all []Counted, threshold float64) (mean, most, above float64) {
	if len(all) == 0 {
		return math.NaN(), math.NaN(), math.NaN()
	}
	for _, v := range all {
		mean += v.Value / float64(len(all))
		most = max(most, v.Value)
		if v.Value > threshold {
			above += 1 / float64(len(all))
		}
	}
	return mean, most, above
}
