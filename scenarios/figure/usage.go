package figure

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"oalab/scenarios/account"
	"oalab/scenarios/history"
	"oalab/scenarios/stat"
)

// usageRows is what followers clicked, and what the app servers used for it.
var usageRows = []Row{
	{Name: "menu_clicks", Unit: UnitCount, Words: "clicks on the menu in the user log"},
	{Name: "menu_share_*", Unit: UnitRatio, Words: "share of the clicks on item *"},
	{Name: "traffic_received_mean_mb_min", Unit: "MB/min", Words: "traffic that an app server received, mean", Time: ByMachine},
	{Name: "traffic_received_max_mb_min", Unit: "MB/min", Words: "traffic that an app server received, at most"},
	{Name: "traffic_sent_mean_mb_min", Unit: "MB/min", Words: "traffic that an app server sent, mean", Time: ByMachine},
	{Name: "traffic_sent_max_mb_min", Unit: "MB/min", Words: "traffic that an app server sent, at most"},
	{Name: "load_mean", Unit: UnitCount, Words: "load average of the machine, mean"},
	{Name: "load_max", Unit: UnitCount, Words: "load average of the machine, at most"},
	{Name: "load_above_2_ratio", Unit: UnitRatio, Words: "share of the time in which the load average was above 2"},
	{Name: "processors_busy_mean", Unit: UnitCount, Words: "processors of the machine that were busy, mean"},
	{Name: "processors_busy_max", Unit: UnitCount, Words: "processors of the machine that were busy, at most"},
	{Name: "app_processors_mean", Unit: UnitCount, Words: "processors that an app server used, mean"},
	{Name: "app_processors_max", Unit: UnitCount, Words: "processors that an app server used, at most"},
}

// usage adds the figures of an arm that reads its clicks: shares of the menu's items with
// their intervals, in the order of the shares' keys, traffic of an app server, and load.
func (r *reckoning) usage() {
	if len(history.ClickEvidence.Of(r.arm)) == 0 {
		return
	}
	clicks, total := account.ClicksByKey(r.arm), 0
	var keys []string
	for key, n := range clicks {
		keys = append(keys, key)
		total += n
	}
	slices.SortFunc(keys, func(a, b string) int { return cmp.Or(cmp.Compare(clicks[b], clicks[a]), strings.Compare(a, b)) })
	r.count("menu_clicks", total, total)
	for _, key := range keys {
		r.interval("menu_share_"+strings.ToLower(key), stat.Proportion(clicks[key], total), total)
	}
	u := account.UsageOf(r.arm)
	for _, f := range []struct {
		name string
		of   []account.Flow
	}{{"received", u.Received}, {"sent", u.Sent}} {
		mean, most := 0.0, 0.0
		for _, v := range f.of {
			mean += v.MBPerMin / float64(len(f.of))
			most = max(most, v.MBPerMin)
		}
		if n := len(f.of); n > 0 {
			r.add("traffic_"+f.name+"_mean_mb_min", mean, n)
			r.add("traffic_"+f.name+"_max_mb_min", most, n)
		}
	}
	for _, g := range []struct {
		name string
		of   []account.Counted
	}{{"load", u.Load}, {"processors_busy", u.Busy}, {"app_processors", u.CPU}} {
		mean, most, above := account.MeanMaxAbove(g.of, 2)
		if n := len(g.of); n > 0 {
			r.add(g.name+"_mean", mean, n)
			r.add(g.name+"_max", most, n)
			if g.name == "load" {
				r.add("load_above_"+strconv.Itoa(2)+"_ratio", above, n)
			}
		}
	}
}
