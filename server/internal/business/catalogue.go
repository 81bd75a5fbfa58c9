// Package business owns what a follower can have done by an exact command, a menu key or a
// choice by number: the catalogue of business codes in levels, queries, and orders with their
// state machine, from the callback's answer to the result that the follower is told (BIZ-1,
// BIZ-4, BIZ-6, MSG-5, MSG-6).
package business

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"oalab/server/wechat"
)

// Sort says what a business code does.
type Sort string

// The sorts of business codes.
const (
	SortQuery   Sort = "query"
	SortOrder   Sort = "order"   // of a product
	SortPackage Sort = "package" // of another main package
	SortMenu    Sort = "menu"    // a level: what is under it is offered as choices
)

// Sorts returns all sorts.
func Sorts() []Sort { return []Sort{SortQuery, SortOrder, SortPackage, SortMenu} }

// Ordered reports whether codes of the sort make an order.
func (s Sort) Ordered() bool { return s == SortOrder || s == SortPackage }

// Code is one entry of the catalogue (BIZ-1).
type Code struct {
	Account string
	// Code is digits with dots, such as "2.1.1", which is under the level "2.1".
	Code string
	Sort Sort
	Name string // as followers read it
	// Commands are the texts that ask for it, exactly; MenuKey the menu key, "" for none.
	Commands []string
	MenuKey  string
	// Operation is the carrier operation of a query, one of QueryOperations.
	Operation string
	// Product is the carrier's code of what an order orders, or of a main package.
	Product string
	Terms   Terms
}

// Level is the code of the level above; "" at the top.
func (c Code) Level() string {
	i := strings.LastIndexByte(c.Code, '.')
	return c.Code[:max(i, 0)]
}

// CodeError is what is wrong with one entry of a catalogue.
type CodeError struct {
	Account, Code string
	Err           error
}

// Error implements error.
func (e *CodeError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *CodeError) Unwrap() error { return e.Err }

// levels is the form of a code that stands under a level.
var levels = regexp.MustCompile(`^[0-9]+(\.[0-9]+)*$`)

// Validate says what is wrong with a catalogue entry, nil when nothing is. What concerns
// several entries is for CheckCatalogue.
func (c Code) Validate() error {
	var all []error
	if c.Account == "" || c.Code == "" || c.Name == "" {
		all = append(all, fmt.Errorf("business code %q (%s): account, code and name must not be empty", c.Code, c.Name))
	}
	switch {
	case !slices.Contains(Sorts(), c.Sort):
		all = append(all, fmt.Errorf("business code %s: kind %q is none of query, order, package, menu", c.Code, c.Sort))
	case c.Sort == SortQuery && !isQuery(c.Operation):
		all = append(all, fmt.Errorf("business code %s: operation %q is not known, expected one of %q", c.Code, c.Operation, QueryOperations()))
	case c.Sort.Ordered() && c.Product == "":
		all = append(all, fmt.Errorf("business code %s: an order needs a product", c.Code))
	case c.Sort == SortMenu && (c.Operation != "" || c.Product != ""):
		all = append(all, fmt.Errorf("business code %s: a menu has neither an operation nor a product", c.Code))
	case c.Sort == SortMenu && !levels.MatchString(c.Code):
		all = append(all, fmt.Errorf("business code %s: the code of a menu is numbers with dots, such as 2.1", c.Code))
	}
	if len(c.Commands) == 0 && c.MenuKey == "" && c.Level() == "" {
		all = append(all, fmt.Errorf("business code %s: neither a command nor a menu key asks for it, and it is under no menu", c.Code))
	}
	for _, text := range c.Commands {
		if isOwnWord(strings.TrimSpace(text)) {
			all = append(all, fmt.Errorf("business code %s: the command %q asks for a follower's own orders", c.Code, text))
		}
	}
	return errors.Join(append(all, c.Terms.faults(c)...)...)
}

// catalogue finds entries by account and by what the follower sent, and what is under a
// level. It is never changed once made.
type catalogue struct {
	asked map[trigger]Code
	of    map[string][]Code  // by account, in the order of the levels
	codes map[trigger]Code   // by account and code
	under map[trigger][]Code // by account and level, in the order of the choices
}

type trigger struct{ account, text string }

// CheckCatalogue says why codes make no catalogue together, nil when they do: errors of type
// *CodeError. What is stored has to pass it: a server that meets one which does not cannot
// bring its copy up to date.
func CheckCatalogue(codes []Code) error {
	_, err := newCatalogue(codes)
	return err
}

func newCatalogue(codes []Code) (*catalogue, error) {
	c := &catalogue{
		asked: map[trigger]Code{}, of: map[string][]Code{}, codes: map[trigger]Code{}, under: map[trigger][]Code{},
	}
	codes = slices.Clone(codes)
	slices.SortStableFunc(codes, func(a, b Code) int { return compareLevels(a.Code, b.Code) })
	for _, code := range codes {
		c.of[code.Account] = append(c.of[code.Account], code)
		c.codes[trigger{code.Account, code.Code}] = code
		if level := code.Level(); level != "" {
			under := trigger{code.Account, level}
			c.under[under] = append(c.under[under], code)
		}
	}
	var faults []error
	for _, code := range codes {
		if err := errors.Join(code.Validate(), c.add(code), c.judge(code)); err != nil {
			faults = append(faults, &CodeError{code.Account, code.Code, err})
		}
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	return c, nil
}

// add takes what asks for a code, each thing for one code.
func (c *catalogue) add(code Code) error {
	keys := code.Commands
	if code.MenuKey != "" {
		keys = append(slices.Clip(keys), code.MenuKey)
	}
	for _, k := range keys {
		t := trigger{code.Account, strings.TrimSpace(k)}
		if other, taken := c.asked[t]; taken && other.Code != code.Code {
			return fmt.Errorf("business codes %s and %s of account %s are both asked for by %q",
				other.Code, code.Code, code.Account, k)
		}
		c.asked[t] = code
	}
	return nil
}

// judge says what is wrong with a code among the others.
func (c *catalogue) judge(code Code) error {
	var all []error
	fault := func(format string, args ...any) {
		all = append(all, fmt.Errorf("business code "+code.Code+": "+format, args...))
	}
	above, known := c.codes[trigger{code.Account, code.Level()}]
	if len(code.Commands) == 0 && code.MenuKey == "" && (!known || above.Sort != SortMenu) {
		fault("neither a command nor a menu key asks for it, and there is no menu %q", code.Level())
	}
	for _, other := range code.Terms.Excludes {
		if found, ok := c.codes[trigger{code.Account, other}]; !ok || found.Sort != SortOrder {
			fault("it excludes %q, which is no code of kind order", other)
		}
	}
	if code.Sort == SortMenu {
		switch n := len(c.under[trigger{code.Account, code.Code}]); {
		case n == 0:
			fault("nothing is under this menu")
		case n > maxChoices:
			fault("%d choices are under this menu, which has room for %d", n, maxChoices)
		}
	}
	if text := c.page(code, maxPageLife); wechat.ClipText(text) != text {
		fault("its page is longer than the platform shows: shorten the names")
	}
	return errors.Join(all...)
}

// compareLevels compares codes number by number, so that 2.10 comes after 2.9.
func compareLevels(a, b string) int {
	return slices.CompareFunc(strings.Split(a, "."), strings.Split(b, "."), func(x, y string) int {
		if levels.MatchString(x) && levels.MatchString(y) {
			x, y = strings.TrimLeft(x, "0"), strings.TrimLeft(y, "0")
			if len(x) != len(y) {
				return len(x) - len(y)
			}
		}
		return strings.Compare(x, y)
	})
}

func (c *catalogue) find(account, text string) (Code, bool) {
	code, ok := c.asked[trigger{account, strings.TrimSpace(text)}]
	return code, ok
}
