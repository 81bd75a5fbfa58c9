// Package workload owns what is sent: the followers, the mix of what they do, the
// plan that a seed makes of both, and the seed data that the server needs to answer
// them. Everything in here is a function of the seed.
package workload

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
)

// MaxFollowers is the largest population: there are that many phone numbers.
const MaxFollowers = 1_000_000_000

// Population is the followers of the account. All have a phone number bound.
type Population struct {
	Seed uint64
	Size int
}

func (p Population) validate() error {
	if p.Size < 1 || p.Size > MaxFollowers {
		return fmt.Errorf("a population of %d followers: want 1 to %d", p.Size, MaxFollowers)
	}
	return nil
}

// OpenID names follower i as the platform does: 28 characters, the first an o. It is
// stable for a seed and differs for each i.
func (p Population) OpenID(i int) string {
	var in [16]byte
	binary.BigEndian.PutUint64(in[:8], p.Seed)
	binary.BigEndian.PutUint64(in[8:], uint64(i))
	sum := sha256.Sum256(in[:])
	return "o" + base64.RawURLEncoding.EncodeToString(sum[:])[:27]
}

// OpenIDs lists all followers.
func (p Population) OpenIDs() []string {
	out := make([]string, p.Size)
	for i := range out {
		out[i] = p.OpenID(i)
	}
	return out
}

// Phone is the number bound to follower i: 11 digits that no other follower has.
func (p Population) Phone(i int) string {
	// A factor prime to the count of numbers scatters them without a collision.
	const factor = 387_420_489 // 3^18
	n := (uint64(i)*factor + p.Seed%MaxFollowers) % MaxFollowers
	return strconv.FormatUint(13_000_000_000+n, 10)
}

// Mix is the shares of the operations. They are weights: only their proportions
// count, and those that are 0 do not occur.
type Mix struct {
	Text  float64 // words that hit the keyword table in four of five cases
	Query float64 // a business query by its command
	Order float64 // a business order by its command
	Event float64 // a click on a query in the menu, or a subscription
	Wish  float64 // words, or a page that is opened, each for a reply of one of the kinds
	// Menu, if not all 0, are the shares of the clicks on the items of MenuKeys, and makes
	// every event a click. Else all items are clicked alike.
	Menu [MenuItems]float64
}

// MenuItems is how many items the menu has that can be clicked: the queries.
const MenuItems = 6

func (m Mix) validate() error {
	for _, w := range append(m.Menu[:], m.Text, m.Query, m.Order, m.Event, m.Wish) {
		if !(w >= 0 && w <= 1e9) { // NaN too
			return fmt.Errorf("mix %+v: want shares of 0 or more", m)
		}
	}
	if m.sum() == 0 {
		return errors.New("the mix is empty: at least one share must be above 0")
	}
	return nil
}

func (m Mix) sum() float64 { return m.Text + m.Query + m.Order + m.Event + m.Wish }
