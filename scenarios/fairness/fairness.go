// Package fairness judges whether red packets are divided as promised (REP-6,
// SCN-6). Each statistic is a pure function over splits, one slice of shares a
// packet in the order in which they were given, so that the same tests run over an
// allocator's output and over the rows of a database.
//
// A finding answers one charge against one allocator in one setting. Charges are
// tested in two families, each under Holm's correction: accusations, whose null
// hypothesis is that the allocator is innocent (family-wise level Alpha), and
// equivalences, whose null is that the means differ by at least the margin, so
// that only enough evidence acquits (level Beta). Conservation and minimum are
// counted in every packet and need no level. What each test can see is stated from
// the number of packets and the closed forms alone, before any packet is drawn.
package fairness

// Levels of the two families of tests.
const (
	Alpha = 0.01 // of convicting any innocent allocator of anything, in one examination
	Beta  = 0.05 // of acquitting any whose means differ by the margin
	// Power is the probability at which sensitivities are stated.
	Power = 0.9
)

// Verdict is the answer to a charge.
type Verdict string

// The verdicts. NotProven is for equivalences only: neither equal nor different
// within the evidence.
const (
	Acquitted Verdict = "acquitted"
	Convicted Verdict = "convicted"
	NotProven Verdict = "not proven"
)

// Test is the outcome of one significance test.
type Test struct {
	Statistic float64 `json:"statistic"` // in the terms of the test: z, chi-square, D
	P         float64 `json:"p"`         // of a statistic at least so extreme if the null holds
	N         int     `json:"n"`         // observations
}

// Finding is one charge and its answer.
type Finding struct {
	Charge  string `json:"charge"`
	Setting string `json:"setting"` // total/count
	// Claimed says that the allocator promises to be innocent of this.
	Claimed bool `json:"claimed"`
	// Expected is what the exact law says must come out; empty where the law puts it
	// too near the limit to say.
	Expected Verdict `json:"expected,omitempty"`
	Verdict  Verdict `json:"verdict"`
	Method   string  `json:"method"`
	Packets  int     `json:"packets"`
	// Statistic is that of the method. P is its p-value and HolmP the one corrected
	// for all tests of its family; both are nil for what is counted exactly.
	Statistic float64  `json:"statistic"`
	P         *float64 `json:"p"`
	HolmP     *float64 `json:"holm_p"`
	// AgainstP and AgainstHolmP are an equivalence's second test, in the family of
	// accusations: that the means do differ by more than the margin.
	AgainstP     *float64 `json:"against_p,omitempty"`
	AgainstHolmP *float64 `json:"against_holm_p,omitempty"`
	Sees         string   `json:"sees"` // the power, stated beforehand
	Detail       string   `json:"detail"`
}

// AsExpected says whether the finding agrees with the exact law.
func (f Finding) AsExpected() bool { return f.Expected == "" || f.Verdict == f.Expected }
