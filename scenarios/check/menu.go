package check

import (
	"fmt"
	"math"

	"oalab/scenarios/account"
	"oalab/scenarios/fairness"
	"oalab/scenarios/history"
	"oalab/scenarios/stat"
)

// MenuShare is the share of the clicks that an item of the menu was planned to have.
type MenuShare struct {
	Key   string
	Share float64
}

// Menu checks that the system's own user log says what followers clicked (SCN-7). Of each
// item it must hold every click that was answered and none that was never made, and the
// planted shares must fit the counts by chi-square. With 2 000 clicks the test finds an even
// mix, and two exchanged items if their shares differ by 2 in 100. It cannot tell from chance
// that one rare item alone is a third more or less than planted.
type Menu struct {
	Planted []MenuShare // all items; the shares add up to 1
	Min     int         // clicks
}

// menuAlpha is how often the shares are rejected although they are the planted ones.
const menuAlpha = 1e-4

// Name implements Checker.
func (Menu) Name() string { return "menu" }

// Check implements Checker.
func (c Menu) Check(a *history.Arm) Finding {
	var wrong offences
	logged, answered, begun := account.ClicksByKey(a), map[string]int{}, map[string]int{}
	all := account.Messages(a)
	for i := range all {
		m := &all[i]
		if m.Plan.Event != eventClick || !m.Started() {
			continue
		}
		begun[m.Plan.Key]++
		answered[m.Plan.Key] += stat.Indicator(m.Outcome() == account.OutcomeOK)
	}
	f := Finding{}
	counts, probabilities := make([]int, len(c.Planted)), make([]float64, len(c.Planted))
	for i, p := range c.Planted {
		n := logged[p.Key]
		counts[i], probabilities[i] = n, p.Share
		f.Checked += n
		if n < answered[p.Key] || n > begun[p.Key] {
			wrong.add("%s: %d rows in the user log, %d clicks were answered of %d", p.Key, n, answered[p.Key], begun[p.Key])
		}
		delete(logged, p.Key)
	}
	for key, n := range logged {
		wrong.add("%s: %d rows of an item that is not in the menu", key, n)
	}
	if f.Checked < c.Min && wrong.n == 0 {
		f.Verdict, f.Detail = history.Inconclusive, fmt.Sprintf("the user log holds %d clicks, %d wanted", f.Checked, c.Min)
		return f
	}
	fit := fairness.Goodness(counts, probabilities)
	if fit.P < menuAlpha {
		worst := 0
		for i, p := range c.Planted {
			if off(counts[i], f.Checked, p.Share) > off(counts[worst], f.Checked, c.Planted[worst].Share) {
				worst = i
			}
		}
		wrong.add("the shares do not fit the planted ones (chi-square %.1f, p %.2g): %s has %.2f %%, planted %.2f %%",
			fit.Statistic, fit.P, c.Planted[worst].Key, 100*float64(counts[worst])/float64(f.Checked), 100*c.Planted[worst].Share)
	}
	if f.decide(&wrong, new(offences)) {
		return f
	}
	f.Verdict = history.Pass
	f.Detail = fmt.Sprintf("%d clicks, as many rows as answers of each of %d items; planted shares fit (chi-square %.1f, p %.2g)", f.Checked, len(c.Planted), fit.Statistic, fit.P)
	return f
}

// eventClick is the platform's name of a click on the menu.
const eventClick = "CLICK"

// off is how far a count is from what its share lets expect, in standard deviations.
func off(count, of int, share float64) float64 {
	return math.Abs(float64(count)-float64(of)*share) / math.Sqrt(float64(of)*share*(1-share))
}
