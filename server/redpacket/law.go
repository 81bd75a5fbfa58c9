package redpacket

import (
	"errors"
	"fmt"
	"math"
)

// Law is the probability law of the next share, given what remains and among how
// many. It is written from the definition of the allocator, not from its code, so
// that one can be held against the other.
type Law interface {
	// Range is the least and the greatest share that can come next.
	Range(rest, left int) (least, most int)
	// At gives the probability that the next share is below x, and that it is x.
	// A share that cannot occur has mass 0.
	At(rest, left, x int) (below, mass float64)
}

// Moments are mean and standard deviation of one position's share, in units.
type Moments struct {
	Mean float64 `json:"mean"`
	SD   float64 `json:"sd"`
}

// Exact is the exact distribution of the shares of one kind of packet.
type Exact struct {
	// Moments by position.
	Moments []Moments
	// Shares[k][x] is the probability that position k gets x units.
	Shares [][]float64
	// FirstZero[k] is the probability that position k gets the packet's first zero;
	// their sum is the share of packets with a zero.
	FirstZero []float64
}

// ErrTooLarge says that the exact distribution would take too long to compute.
var ErrTooLarge = errors.New("too large for the exact distribution")

// maxStates bounds total × count in Distribution: about a second of work.
const maxStates = 200_000

// Distribution computes the exact law of every position by carrying the
// distribution of the rest forward from share to share. The only error of the
// result is that of adding up floats (below 1e-12). It costs total × count × the
// width of one draw; above 200 000 for the first two the error is ErrTooLarge.
func Distribution(a Allocator, total, count int) (Exact, error) {
	law, err := a.Law(total, count)
	if err != nil {
		return Exact{}, err
	}
	if total*count > maxStates {
		return Exact{}, fmt.Errorf("%s at %d over %d: %w", a.Name(), total, count, ErrTooLarge)
	}
	e := Exact{
		Moments:   make([]Moments, count),
		Shares:    make([][]float64, count),
		FirstZero: make([]float64, count),
	}
	all, clean := make([]float64, total+1), make([]float64, total+1) // clean: no zero so far
	all[total], clean[total] = 1, 1
	for k := range count {
		shares := make([]float64, total+1)
		nextAll, nextClean := make([]float64, total+1), make([]float64, total+1)
		for rest, p := range all {
			if p == 0 {
				continue
			}
			least, most := law.Range(rest, count-k)
			for x := least; x <= most; x++ {
				_, mass := law.At(rest, count-k, x)
				shares[x] += p * mass
				nextAll[rest-x] += p * mass
				if x > 0 {
					nextClean[rest-x] += clean[rest] * mass
				} else {
					e.FirstZero[k] += clean[rest] * mass
				}
			}
		}
		e.Shares[k], e.Moments[k] = shares, momentsOf(shares)
		all, clean = nextAll, nextClean
	}
	return e, nil
}

// AnyZero is the share of packets with a zero in them.
func (e Exact) AnyZero() float64 {
	sum := 0.0
	for _, p := range e.FirstZero {
		sum += p
	}
	return sum
}

func momentsOf(shares []float64) Moments {
	mean, square := 0.0, 0.0
	for x, p := range shares {
		mean += p * float64(x)
		square += p * float64(x) * float64(x)
	}
	return Moments{Mean: mean, SD: root(square - mean*mean)}
}

// certain is the law of the last share: it takes the rest.
func certain(rest, x int) (below, mass float64) {
	switch {
	case x < rest:
		return 0, 0
	case x == rest:
		return 0, 1
	}
	return 1, 0
}

// root is the square root of a variance that rounding may have put below zero.
func root(variance float64) float64 { return math.Sqrt(math.Max(0, variance)) }
