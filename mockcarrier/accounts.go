package mockcarrier

import (
	"maps"
	"slices"
	"sync"
	"time"

	"oalab/mockcarrier/ledger"
	"oalab/server/carrier"
)

// accounts are the subscribers that were changed. Each change but that of a password's lock
// follows from a line of the ledger, so that a ledger that is continued brings it back. It is
// safe for concurrent use.
type accounts struct {
	seed string
	max  int

	mu      sync.Mutex
	changed map[string]*changes
	money   Money
}

// Money is what the carrier's books add up to, in fen.
type Money struct {
	ToppedUp int64 `json:"topped_up_fen"` // money that came in
	Charged  int64 `json:"charged_fen"`   // money that subscribers paid for products
	// Moved is by how much the balances of all subscribers together differ from those at the
	// beginning: ToppedUp - Charged, always.
	Moved int64 `json:"moved_fen"`
}

// changes are what happened to a number.
type changes struct {
	moved    int64              // by how much the balance differs, in fen
	added    map[string]amounts // by month
	packages []packageChange
	products []holding
	charges  []charge
	points   []carrier.PointsChange
	wrong    int       // passwords in a row
	locked   time.Time // until then
}

type packageChange struct {
	from time.Time
	code string
}

// holding is a product that a number has until a day.
type holding struct {
	code  string
	until time.Time
}

// charge is what products of one name cost on one day.
type charge struct {
	day, name string
	fen       int64
}

func newAccounts(seed uint64, limit int) *accounts {
	return &accounts{seed: seedText(seed), max: limit, changed: map[string]*changes{}}
}

// subscriber returns a number as it is now.
func (a *accounts) subscriber(number string) *subscriber {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.look(number)
}

func (a *accounts) look(number string) *subscriber {
	s := &subscriber{seed: a.seed, number: number}
	if c := a.changed[number]; c != nil {
		s.changes = *c
		s.added = maps.Clone(c.added)
		s.packages, s.charges, s.points = slices.Clone(c.packages), slices.Clone(c.charges), slices.Clone(c.points)
		s.products = slices.Clone(c.products)
	}
	return s
}

// allows says whether an effect can take place now: the price is there, and the package is
// another one. Only the book calls it, which lets one effect happen at a time.
func (a *accounts) allows(line ledger.Entry) carrier.Code {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.changed[line.Phone] == nil && len(a.changed) >= a.max && changesSubscriber(line) {
		return carrier.CodeBusy
	}
	switch line.Op {
	case carrier.OpOrderProduct:
		if p, ok := productOf(line.Code); ok {
			return a.look(line.Phone).allows(p, line.At.In(zone))
		}
	case carrier.OpChangePackage:
		if a.look(line.Phone).packageAt(firstDay(line.At, line.Effective)).code == line.Code {
			return carrier.CodeSamePackage
		}
	}
	return carrier.CodeOK
}

// changesSubscriber reports whether an effect leaves something at its number.
func changesSubscriber(line ledger.Entry) bool {
	switch line.Op {
	case carrier.OpOrderProduct:
		_, ok := productOf(line.Code)
		return ok
	case carrier.OpChangePackage, carrier.OpRedeemData, carrier.OpTopUp:
		return true
	}
	return false
}

// firstDay is when a package begins that was changed at a time.
func firstDay(at time.Time, effective string) time.Time {
	at = at.In(zone)
	if effective == carrier.EffectiveNextMonth {
		return time.Date(at.Year(), at.Month()+1, 1, 0, 0, 0, 0, zone)
	}
	return time.Date(at.Year(), at.Month(), at.Day(), 0, 0, 0, 0, zone)
}

// apply changes the number of a line that is in the ledger.
func (a *accounts) apply(line ledger.Entry) {
	if line.Effect != ledger.EffectApplied || !changesSubscriber(line) {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	c := a.of(line.Phone)
	at := line.At.In(zone)
	c.moved += line.AmountFen
	a.money.Moved += line.AmountFen
	switch line.Op {
	case carrier.OpTopUp:
		a.money.ToppedUp += line.AmountFen
	case carrier.OpOrderProduct:
		a.money.Charged -= line.AmountFen
		if p, ok := productOf(line.Code); ok {
			c.order(p, at, firstDay(at, line.Effective), -line.AmountFen)
		}
	case carrier.OpChangePackage:
		c.packages = append(c.packages, packageChange{firstDay(at, line.Effective), line.Code})
		slices.SortStableFunc(c.packages, func(a, b packageChange) int { return a.from.Compare(b.from) })
	case carrier.OpRedeemData:
		c.add(at.Format(monthForm), amounts{data: line.MB})
	}
}

func (a *accounts) of(number string) *changes {
	c := a.changed[number]
	if c == nil {
		c = &changes{added: map[string]amounts{}}
		a.changed[number] = c
	}
	return c
}

func (c *changes) add(month string, more amounts) { c.added[month] = c.added[month].plus(more) }

// order notes a product that was ordered and paid, and that begins on a day.
func (c *changes) order(p product, at, first time.Time, fen int64) {
	for i := range p.months {
		c.add(time.Date(first.Year(), first.Month()+time.Month(i), 1, 0, 0, 0, 0, zone).Format(monthForm), p.amounts)
	}
	c.products = append(c.products, holding{p.code, time.Date(first.Year(), first.Month()+time.Month(p.months), 1, 0, 0, 0, 0, zone)})
	day := at.Format(dayForm)
	if i := slices.IndexFunc(c.charges, func(k charge) bool { return k.day == day && k.name == p.name }); i >= 0 {
		c.charges[i].fen += fen
	} else {
		c.charges = append(c.charges, charge{day, p.name, fen})
	}
	if i := slices.IndexFunc(c.points, func(k carrier.PointsChange) bool { return k.Day == day }); i >= 0 {
		c.points[i].Points += fen / 100
	} else {
		c.points = append(c.points, carrier.PointsChange{Day: day, Points: fen / 100, Reason: "订购积分"})
	}
}

// How many wrong passwords in a row lock a number's password, and for how long.
const (
	wrongPasswords = 3
	passwordLock   = 24 * time.Hour
)

// checkPassword tries a password; left is how many tries there still are. A restart of the
// carrier ends the locks: they are in no line of the ledger.
func (a *accounts) checkPassword(number, password string, now time.Time) (code carrier.Code, left int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	s := a.look(number)
	if now.Before(s.locked) {
		return carrier.CodeLocked, 0
	}
	if password == s.password() {
		if c := a.changed[number]; c != nil {
			c.wrong = 0
		}
		return carrier.CodeOK, wrongPasswords
	}
	if a.changed[number] == nil && len(a.changed) >= a.max {
		return carrier.CodeBusy, 0
	}
	c := a.of(number)
	if c.wrong++; c.wrong < wrongPasswords {
		return carrier.CodeWrongPassword, wrongPasswords - c.wrong
	}
	c.wrong, c.locked = 0, now.Add(passwordLock)
	return carrier.CodeLocked, 0
}

// sums returns what the books add up to.
func (a *accounts) sums() Money {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.money
}
