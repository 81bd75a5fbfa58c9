package workload

import (
	"fmt"
	"math/rand/v2"
	"sort"
	"strconv"

	"oalab/scenarios/history"
	"oalab/scenarios/load/profile"
)

// MaxOperations bounds a plan: it is held in memory and written down line by line.
const MaxOperations = 20_000_000

// hitShare is the share of text messages that hit the keyword table.
const hitShare = 0.8

// Events of the plan, in the platform's own spelling.
const (
	EventClick     = "CLICK"
	EventSubscribe = "subscribe"
)

// clickShare is the share of clicks among the events.
const clickShare = 0.8

// Plan makes the operations of a run: one for each arrival of the profile, with all
// that is sent but the time stamp. It depends on its arguments alone.
//
// Each order has a pair of phone and code that no other order of the plan has, so
// that its effect at the carrier can be told from all others. Orders and events go
// round the followers, so that the orders of one lie as far apart as they can and
// two of its events never fall into one second when there are followers enough.
func Plan(seed uint64, mix Mix, pop Population, p profile.Profile) ([]history.PlannedOp, error) {
	ops, err := PlanClosed(seed, mix, pop, profile.Count(p))
	if err != nil {
		return nil, err
	}
	return ops, schedule(ops, p)
}

// schedule says when each operation is due.
func schedule(ops []history.PlannedOp, p profile.Profile) error {
	for i := range ops {
		due, ok := p.At(uint64(i))
		if !ok {
			return fmt.Errorf("plan: the profile counts %d arrivals but has no time for arrival %d", len(ops), i)
		}
		ops[i].DueS = due.Seconds()
	}
	return nil
}

// fits is nil for a number of operations that a run can hold.
func fits(count uint64) error {
	if count > MaxOperations {
		return fmt.Errorf("plan: %d operations are more than a run can hold (%d): shorten the profile or lower its rate", count, MaxOperations)
	}
	return nil
}

// PlanClosed is Plan for a closed load of so many operations: none has a due time.
func PlanClosed(seed uint64, mix Mix, pop Population, count uint64) ([]history.PlannedOp, error) {
	if err := mix.validate(); err != nil {
		return nil, fmt.Errorf("plan: %w", err)
	}
	if err := pop.validate(); err != nil {
		return nil, fmt.Errorf("plan: %w", err)
	}
	if err := fits(count); err != nil {
		return nil, err
	}
	pl := newPlanner(seed, mix, pop)
	ops := make([]history.PlannedOp, count)
	for i := range ops {
		op := &ops[i]
		*op = history.PlannedOp{Seq: uint64(i)}
		if err := pl.fill(op); err != nil {
			return nil, fmt.Errorf("plan: operation %d: %w", i, err)
		}
	}
	return ops, nil
}

type planner struct {
	rng     *rand.Rand
	mix     Mix
	pop     Population
	openIDs []string
	queries []product
	orders  []product
	words   *words
	msgBase uint64

	turns   []int // the order in which followers take turns
	ordered int   // orders so far
	events  int   // events so far

	clicks []string  // keys of the menu's items that have a share, nil: all alike
	until  []float64 // the sum of the shares up to and with each
}

func newPlanner(seed uint64, mix Mix, pop Population) *planner {
	rng := rand.New(rand.NewPCG(seed, 'w'))
	pl := &planner{
		rng: rng, mix: mix, pop: pop, openIDs: pop.OpenIDs(),
		queries: queries(), orders: orders(), words: newWords(keywords()),
		turns: rng.Perm(pop.Size),
		// 63 bits as the platform's: 2 that keep it long, 29 of the seed, 32 of the count.
		msgBase: 1<<62 | rng.Uint64()>>35<<32,
	}
	sum := 0.0
	for i, key := range MenuKeys() {
		if mix.Menu[i] > 0 {
			sum += mix.Menu[i]
			pl.clicks, pl.until = append(pl.clicks, key), append(pl.until, sum)
		}
	}
	return pl
}

// MenuKeys are the keys of the menu's items, in their order on the menu.
func MenuKeys() []string {
	keys := make([]string, 0, MenuItems)
	for _, q := range queries() {
		keys = append(keys, q.menuKey)
	}
	return keys
}

func (p *planner) fill(op *history.PlannedOp) error {
	op.MsgID = strconv.FormatUint(p.msgBase+op.Seq, 10)
	switch x := p.rng.Float64() * p.mix.sum(); {
	case x < p.mix.Text:
		op.Kind = history.KindText
		p.follower(op, p.rng.IntN(p.pop.Size))
		op.Phone = "" // a smart answer has nothing to do with it
		op.Text = p.words.text(p.rng)
	case x < p.mix.Text+p.mix.Query:
		op.Kind = history.KindQuery
		p.follower(op, p.rng.IntN(p.pop.Size))
		p.business(op, p.queries[p.rng.IntN(len(p.queries))])
	case x < p.mix.Text+p.mix.Query+p.mix.Order:
		return p.order(op)
	case x < p.mix.Text+p.mix.Query+p.mix.Order+p.mix.Wish:
		p.wish(op)
	case p.mix.Event > 0:
		p.event(op)
	default: // x rounded up to the sum
		return p.order(op)
	}
	return nil
}

func (p *planner) follower(op *history.PlannedOp, i int) {
	op.OpenID, op.Phone = p.openIDs[i], p.pop.Phone(i)
}

func (p *planner) business(op *history.PlannedOp, b product) {
	op.Code, op.Text = b.code, b.commands[p.rng.IntN(len(b.commands))]
}

// order gives the next follower a code that it has not ordered yet.
func (p *planner) order(op *history.PlannedOp) error {
	turn, round := p.turns[p.ordered%p.pop.Size], p.ordered/p.pop.Size
	if round >= len(p.orders) {
		return fmt.Errorf("%d followers have ordered all of the %d products: add followers", p.pop.Size, len(p.orders))
	}
	p.ordered++
	op.Kind = history.KindOrder
	p.follower(op, turn)
	p.business(op, p.orders[(turn+round)%len(p.orders)])
	return nil
}

// event has no message id of its own: the platform tells events apart by follower,
// time and key. Clicks are on queries only, so that no order comes from outside of
// the plan's orders.
func (p *planner) event(op *history.PlannedOp) {
	op.Kind, op.MsgID = history.KindEvent, ""
	p.follower(op, p.turns[p.events%p.pop.Size])
	p.events++
	if p.clicks != nil {
		op.Event, op.Key = EventClick, p.clicks[sort.SearchFloat64s(p.until, p.rng.Float64()*p.until[len(p.until)-1])]
		return
	}
	if p.rng.Float64() >= clickShare {
		op.Event, op.Phone = EventSubscribe, ""
		return
	}
	op.Event, op.Key = EventClick, p.queries[p.rng.IntN(len(p.queries))].menuKey
}
