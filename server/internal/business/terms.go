package business

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"oalab/server/carrier"
)

// Terms are the price of what an order orders, and on what terms it is taken. The zero value
// is free, begins at once, and may be ordered at any time and any number of times.
type Terms struct {
	Fen int64 `json:"fen,omitempty"` // 0: followers read no price
	// Effect is when it begins: carrier.EffectiveNow, carrier.EffectiveNextMonth or "", which
	// is now.
	Effect string `json:"effect,omitempty"`
	// Months is for how many months a number has it, the first one with it; 0 is 1.
	Months int `json:"months,omitempty"`
	// Excludes are codes of kind order of the same account. A number that has one of these
	// cannot order it, and the other way round.
	Excludes []string `json:"excludes,omitempty"`
	// Limit is how many of it a number can have at once; 0 is any number.
	Limit   int  `json:"limit,omitempty"`
	SoldOut bool `json:"sold_out,omitempty"`
}

const (
	maxFen    = 10_000_000
	maxMonths = 36
	maxLimit  = 1000
)

func (t Terms) months() int { return max(t.Months, 1) }

// faults are what is wrong with the terms of a code.
func (t Terms) faults(c Code) (all []error) {
	fault := func(format string, args ...any) {
		all = append(all, fmt.Errorf("business code "+c.Code+": "+format, args...))
	}
	if !c.Sort.Ordered() {
		if t.Fen != 0 || t.Effect != "" || t.Months != 0 || len(t.Excludes) > 0 || t.Limit != 0 || t.SoldOut {
			fault("price, effect, months, excludes, limit and sold_out are of orders and packages, not of kind %s", c.Sort)
		}
		return all
	}
	if t.Fen < 0 || t.Fen > maxFen {
		fault("price %d is not between 0 and %d fen", t.Fen, maxFen)
	}
	if !slices.Contains([]string{"", carrier.EffectiveNow, carrier.EffectiveNextMonth}, t.Effect) {
		fault("effect %q is none of %s, %s", t.Effect, carrier.EffectiveNow, carrier.EffectiveNextMonth)
	}
	if t.Months < 0 || t.Months > maxMonths {
		fault("months %d is not between 0 and %d", t.Months, maxMonths)
	}
	if t.Limit < 0 || t.Limit > maxLimit {
		fault("limit %d is not between 0 and %d", t.Limit, maxLimit)
	}
	if slices.Contains(t.Excludes, c.Code) {
		fault("it excludes itself: limit says how many of it a number can have")
	}
	if c.Sort == SortPackage && (len(t.Excludes) > 0 || t.Limit != 0 || t.Months != 0) {
		fault("months, excludes and limit are of orders: a number has one main package, which the carrier knows")
	}
	return all
}

// Held is an order of a number that has not failed.
type Held struct {
	Product string
	Effect  string
	Created time.Time
}

// Condition judges an order by what its number has, in the transaction that stores the order.
type Condition struct {
	// Products are the ones of which orders count, since Since.
	Products []string
	Since    time.Time
	// Judge is nil, or why the order is refused.
	Judge func([]Held) error
}

// What a condition refuses with. Their texts are in texts.go.
var (
	errLimit    = errors.New("the number has as many as it can have")
	errExcluded = errors.New("the number has what excludes it")
)

// condition is that of an order of a code at a time; nil when it has none.
func (c catalogue) condition(code Code, at time.Time, zone *time.Location) *Condition {
	excluding := c.excluding(code)
	if code.Terms.Limit == 0 && len(excluding) == 0 {
		return nil
	}
	months := map[string]int{code.Product: code.Terms.months()}
	longest := code.Terms.months()
	for _, other := range excluding {
		months[other.Product] = other.Terms.months()
		longest = max(longest, other.Terms.months())
	}
	local := at.In(zone)
	cond := &Condition{Since: time.Date(local.Year(), local.Month()-time.Month(longest), 1, 0, 0, 0, 0, zone)}
	for product := range months {
		cond.Products = append(cond.Products, product)
	}
	slices.Sort(cond.Products)
	cond.Judge = func(all []Held) error {
		own, others := 0, 0
		for _, h := range all {
			switch {
			case !h.has(months[h.Product], local):
			case h.Product == code.Product:
				own++
			default:
				others++
			}
		}
		switch {
		case others > 0:
			return errExcluded
		case code.Terms.Limit > 0 && own >= code.Terms.Limit:
			return errLimit
		}
		return nil
	}
	return cond
}

// has reports whether what was ordered for so many months still counts at a time. What begins
// next month counts from its order on.
func (h Held) has(months int, at time.Time) bool {
	created := h.Created.In(at.Location())
	if h.Effect == carrier.EffectiveNextMonth {
		months++
	}
	end := time.Date(created.Year(), created.Month()+time.Month(months), 1, 0, 0, 0, 0, at.Location())
	return at.Before(end)
}

// excluding are the codes that a number with the code cannot have, and that cannot be had
// with it.
func (c catalogue) excluding(code Code) (all []Code) {
	for _, other := range c.of[code.Account] {
		if slices.Contains(code.Terms.Excludes, other.Code) || slices.Contains(other.Terms.Excludes, code.Code) {
			all = append(all, other)
		}
	}
	return all
}
