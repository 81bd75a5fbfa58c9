// Package business owns what a follower can have done by an exact command or a
// menu key: the catalogue of business codes, queries, and orders with their
// state machine, from the callback's answer to the result that the follower is
// told (BIZ-1, BIZ-4, BIZ-6, MSG-5, MSG-6).
package business

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Sort says what a business code does.
type Sort string

// The sorts of business codes.
const (
	SortQuery Sort = "query"
	SortOrder Sort = "order"
)

// Code is one entry of the catalogue (BIZ-1).
type Code struct {
	Account string
	Code    string // dotted, such as "2.1.1"
	Sort    Sort
	Name    string // as followers read it
	// Commands are the texts that ask for it, exactly; MenuKey the menu key, "" for none.
	Commands []string
	MenuKey  string
	// Operation is the carrier operation of a query, one of QueryOperations.
	Operation string
	// Product is the carrier's code of what an order orders.
	Product string
}

// Validate says what is wrong with a catalogue entry, nil when nothing is.
func (c Code) Validate() error {
	var all []error
	if c.Account == "" || c.Code == "" || c.Name == "" {
		all = append(all, fmt.Errorf("business code %q (%s): account, code and name must not be empty", c.Code, c.Name))
	}
	switch {
	case c.Sort != SortQuery && c.Sort != SortOrder:
		all = append(all, fmt.Errorf("business code %s: kind %q is none of query, order", c.Code, c.Sort))
	case c.Sort == SortQuery && !isQuery(c.Operation):
		all = append(all, fmt.Errorf("business code %s: operation %q is not known, expected one of %q", c.Code, c.Operation, QueryOperations()))
	case c.Sort == SortOrder && c.Product == "":
		all = append(all, fmt.Errorf("business code %s: an order needs a product", c.Code))
	}
	if len(c.Commands) == 0 && c.MenuKey == "" {
		all = append(all, fmt.Errorf("business code %s: neither a command nor a menu key asks for it", c.Code))
	}
	return errors.Join(all...)
}

// catalogue finds entries by account and by what the follower sent. It is never
// changed once made.
type catalogue map[trigger]Code

type trigger struct{ account, text string }

// CheckCatalogue says why codes make no catalogue together, nil when they do. What is
// stored has to pass it: a server that meets one which does not cannot bring its copy up
// to date.
func CheckCatalogue(codes []Code) error {
	_, err := newCatalogue(codes)
	return err
}

func newCatalogue(codes []Code) (catalogue, error) {
	c := make(catalogue)
	for _, code := range codes {
		if err := code.Validate(); err != nil {
			return nil, err
		}
		keys := code.Commands
		if code.MenuKey != "" {
			keys = append(slices.Clip(keys), code.MenuKey)
		}
		for _, k := range keys {
			t := trigger{code.Account, strings.TrimSpace(k)}
			if other, taken := c[t]; taken && other.Code != code.Code {
				return nil, fmt.Errorf("business codes %s and %s of account %s are both asked for by %q",
					other.Code, code.Code, code.Account, k)
			}
			c[t] = code
		}
	}
	return c, nil
}

func (c catalogue) find(account, text string) (Code, bool) {
	code, ok := c[trigger{account, strings.TrimSpace(text)}]
	return code, ok
}
