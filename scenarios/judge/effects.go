package judge

import (
	"fmt"
	"math"
	"slices"
	"strings"

	cl "oalab/mockcarrier/ledger"
	wl "oalab/mockwechat/ledger"
	"oalab/scenarios/account"
	"oalab/scenarios/history"
	"oalab/scenarios/stat"
)

// Effect says how to see that a fault acted: in each of its windows Count must be at least
// Min. Otherwise nothing was tested, and the arm is inconclusive. A fault whose effect cannot
// or need not be seen has Min 0.
type Effect struct {
	Fault string // name of the fault
	What  string // what is counted, in the plural, such as refused tries
	Min   int
	Count func(*history.Arm, history.Window) int
}

// Seen is 1 for a fault whose effect was seen where it acts, before its window began. It is
// for a fault that should change nothing that could be counted elsewhere.
func Seen(_ *history.Arm, w history.Window) int { return stat.Indicator(account.InEffect(w)) }

// TriesTimedOut counts the tries that started in the window and got no answer that
// counts within their limit.
func TriesTimedOut(a *history.Arm, w history.Window) int {
	return countTries(a, w, func(d wl.Delivery) bool { return d.TimedOut })
}

// TriesLost counts the tries that started in the window and whose answer an
// injected fault kept from the platform.
func TriesLost(a *history.Arm, w history.Window) int {
	return countTries(a, w, func(d wl.Delivery) bool { return d.Lost })
}

// TriesRefused counts the tries that started in the window and met a refused connection.
func TriesRefused(a *history.Arm, w history.Window) int {
	return countTries(a, w, func(d wl.Delivery) bool { return d.Refused })
}

// TriesFailed counts the tries that started in the window and failed in any way.
func TriesFailed(a *history.Arm, w history.Window) int {
	return countTries(a, w, func(d wl.Delivery) bool { return !d.OK })
}

// TriesStale counts the tries that started in the window and whose answer the server marked
// as made from memory.
func TriesStale(a *history.Arm, w history.Window) int {
	return countTries(a, w, func(d wl.Delivery) bool { return d.OK && d.Stale })
}

func countTries(a *history.Arm, w history.Window, is func(wl.Delivery) bool) int {
	n := 0
	for _, d := range a.Deliveries {
		n += stat.Indicator(account.Ours(a, d) && w.Contains(a.Seconds(d.At)) && is(d))
	}
	return n
}

// CarrierSlow counts the calls at the carrier, begun or decided in the window, that
// kept the caller waiting longer than this many seconds.
func CarrierSlow(longerThanS float64) func(*history.Arm, history.Window) int {
	return func(a *history.Arm, w history.Window) int {
		return countCalls(a, w, func(e cl.Entry) bool { return e.TookS > longerThanS })
	}
}

// CarrierUnanswered counts the calls at the carrier, begun or decided in the window,
// whose answer was not given.
func CarrierUnanswered(a *history.Arm, w history.Window) int {
	return countCalls(a, w, func(e cl.Entry) bool { return !e.Answered })
}

func countCalls(a *history.Arm, w history.Window, is func(cl.Entry) bool) int {
	n := 0
	for _, e := range a.Carrier {
		at := a.Seconds(e.At)
		n += stat.Indicator((w.Contains(at) || w.Contains(at-e.TookS)) && is(e))
	}
	return n
}

// PlatformUnanswered counts the API calls in the window that the platform did not answer.
func PlatformUnanswered(a *history.Arm, w history.Window) int {
	return countAPI(a, w, func(c wl.Call) bool { return c.Status == 0 })
}

// TokenCalls counts the calls in the window that asked the platform for a token.
func TokenCalls(a *history.Arm, w history.Window) int {
	return countAPI(a, w, func(c wl.Call) bool { return account.IsTokenCall(c.Path) })
}

// VisitsPassedOn counts the requests that one server did not answer and another one was asked, in
// visits that the fault may have met.
func VisitsPassedOn(a *history.Arm, w history.Window) int {
	n := 0
	for _, v := range account.LoginVisits(a) {
		if v.EndS() >= w.SinceS() && v.AtS < w.ToS {
			n += v.PassedOn
		}
	}
	return n
}

// TokensGivenAgain counts the calls by which the platform gave out once more a token that it had
// issued a second before the fault at the earliest: the node that got it first died with it.
func TokensGivenAgain(a *history.Arm, w history.Window) int {
	return account.GivenAgain(a, w.SinceS()-1)
}

// TokensReadIn counts the reads of tokens that began in the window and got one.
func TokensReadIn(a *history.Arm, w history.Window) int {
	n := 0
	for _, r := range account.ReadsIn(account.TokenReads(a), w) {
		n += stat.Indicator(r.Token != "")
	}
	return n
}

// PacketCallsFailed counts the calls at the red packets that got no answer, or were told to come
// later, and that the fault may have met.
func PacketCallsFailed(a *history.Arm, w history.Window) int {
	n := 0
	for _, c := range history.GrabEvidence.Of(a) {
		n += stat.Indicator(!account.Final(c) && a.Seconds(c.EndAt()) >= w.SinceS() && a.Seconds(c.At) < w.ToS)
	}
	return n
}

func countAPI(a *history.Arm, w history.Window, is func(wl.Call) bool) int {
	n := 0
	for _, c := range a.WeChat {
		n += stat.Indicator(c.Kind == wl.KindAPI && w.Contains(a.Seconds(c.At)) && is(c))
	}
	return n
}

// CounterRose counts by how much a counter of the server rose in the window, as its
// samples show it, restarts included. metric is a name with any of its labels, such
// as oalab_carrier_errors_total{op="OrderProduct"}.
func CounterRose(metric string) func(*history.Arm, history.Window) int {
	return func(a *history.Arm, w history.Window) int {
		return int(math.Round(account.CounterIncrease(a.Samples, metric, w)))
	}
}

// effectPrefix starts the name of the figure that shows a fault's effect: the
// smallest count among the windows of the fault after the slash.
const effectPrefix = "effect/"

// EffectFault is the fault whose effect a figure shows, and whether it shows one.
// Such a figure has a limit, but missing it makes a run inconclusive, not failed.
func EffectFault(f history.Figure) (fault string, ok bool) {
	return strings.CutPrefix(f.Name, effectPrefix)
}

// bitten holds the windows of an arm against the effects that a spec wants to see.
// It returns a figure for each effect and a sentence for each fault that did not
// show its own, or was not in effect at all. Errors of windows come first: a fault that did
// not heal is the reason why later ones had no effect.
func bitten(a *history.Arm, effects []Effect) (figures []history.Figure, toothless []string) {
	for _, w := range a.Record.Windows {
		if w.Error != "" {
			toothless = append(toothless, fmt.Sprintf("fault %s: %s", w.Fault, w.Error))
		}
	}
	for _, e := range effects {
		windows := account.WindowsOf(a.Record.Windows, e.Fault)
		if len(windows) == 0 {
			toothless = append(toothless, fmt.Sprintf("fault %s was never injected", e.Fault))
			continue
		}
		least := math.MaxInt
		for i, w := range windows {
			n := e.Count(a, w)
			if n < e.Min {
				toothless = append(toothless, fmt.Sprintf("fault %s shows no effect in window %d: %d %s, at least %d wanted",
					e.Fault, i+1, n, e.What, e.Min))
			}
			least = min(least, n)
		}
		limit, ok := float64(e.Min), least >= e.Min
		figures = append(figures, history.Figure{
			Name: effectPrefix + e.Fault, Value: float64(least), Unit: e.What,
			Relation: ">=", Limit: &limit, OK: &ok, N: len(windows),
		})
	}
	for _, fault := range account.FaultsOf(a.Record.Windows) {
		if !slices.ContainsFunc(effects, func(e Effect) bool { return e.Fault == fault }) {
			toothless = append(toothless, fmt.Sprintf("nothing says how the effect of fault %s shows", fault))
		}
	}
	for _, w := range a.Record.Windows {
		if w.Error == "" && w.ToS <= w.FromS {
			toothless = append(toothless, fmt.Sprintf("fault %s was never in effect", w.Fault))
		}
	}
	return figures, toothless
}
