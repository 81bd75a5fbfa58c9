package upstream

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
)

// MaxRules is how many rules a Ruleset takes at a time.
const MaxRules = 1000

// Decision is what the rules say about one call. The zero value is: behave.
type Decision struct {
	Latency time.Duration // to wait before doing what was asked
	ErrCode int
	Status  int
	Fault   string
	Action  Action
}

// Label names the decision in a ledger: the action, else the kind of answer,
// else "latency", and "" for a call that is left alone.
func (d Decision) Label() string {
	switch {
	case d.Action != ActionNone:
		return string(d.Action)
	case d.Fault != "":
		return "fault:" + d.Fault
	case d.ErrCode != 0:
		return fmt.Sprintf("errcode:%d", d.ErrCode)
	case d.Status != 0:
		return fmt.Sprintf("status:%d", d.Status)
	case d.Latency > 0:
		return "latency"
	}
	return ""
}

// Ruleset holds the rules in force at one mock. Every rule draws from a source
// of its own, derived from the seed and the number of rules installed before
// it, so other rules do not change what it decides. It is safe for concurrent use.
type Ruleset struct {
	seed uint64

	mu        sync.Mutex
	installed uint64 // rules ever installed
	rules     []*liveRule
}

type liveRule struct {
	rule    Rule
	key     string
	rng     *rand.Rand
	samples []float64
}

// NewRuleset returns a set without rules.
func NewRuleset(seed uint64) *Ruleset { return &Ruleset{seed: seed} }

// Set replaces all rules; none heals. A rule that was in force already goes on
// with its draws. An error names the rule, counted from 0, and its field, and
// then nothing has changed.
func (s *Ruleset) Set(rules []Rule) error {
	if len(rules) > MaxRules {
		return fmt.Errorf("%d rules, the limit is %d", len(rules), MaxRules)
	}
	next := make([]*liveRule, 0, len(rules))
	for i, r := range rules {
		if err := r.check(); err != nil {
			return fmt.Errorf("rule %d: %w", i, err)
		}
		live := &liveRule{rule: r.clone(), key: keyOf(r)}
		if r.Latency != nil && r.Latency.Dist == DistFile {
			samples, err := readSamples(r.Latency.File)
			if err != nil {
				return fmt.Errorf("rule %d: latency.file: %w", i, err)
			}
			live.samples = samples
		}
		next = append(next, live)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	old := map[string][]*liveRule{}
	for _, live := range s.rules {
		old[live.key] = append(old[live.key], live)
	}
	for _, live := range next {
		if same := old[live.key]; len(same) > 0 {
			live.rng, old[live.key] = same[0].rng, same[1:]
			continue
		}
		s.installed++
		live.rng = rand.New(rand.NewPCG(s.seed, s.installed))
	}
	s.rules = next
	return nil
}

// keyOf tells rules apart by what they say.
func keyOf(r Rule) string {
	text, err := json.Marshal(r)
	if err != nil { // no number of a checked rule is unmarshallable
		return fmt.Sprintf("%+v", r)
	}
	return string(text)
}

// Rules returns the rules in force, in their order.
func (s *Ruleset) Rules() []Rule {
	s.mu.Lock()
	defer s.mu.Unlock()
	rules := make([]Rule, len(s.rules))
	for i, live := range s.rules {
		rules[i] = live.rule.clone()
	}
	return rules
}

// Decide draws what becomes of a call. Among the rules that hit it, the first
// with a latency gives the latency, and the first with any of errcode, status,
// fault and action gives those.
func (s *Ruleset) Decide(path, op, account string) Decision {
	s.mu.Lock()
	defer s.mu.Unlock()
	var d Decision
	var timed, ended bool
	for _, live := range s.rules {
		r := live.rule
		if !r.Match.covers(path, op, account) {
			continue
		}
		// Drawn for every rule. Otherwise the sequence of one rule would depend on the others.
		if r.Share > 0 && r.Share < 1 && live.rng.Float64() >= r.Share {
			continue
		}
		if r.Latency != nil {
			if latency := r.Latency.draw(live.rng, live.samples); !timed {
				d.Latency, timed = latency, true
			}
		}
		if r.answers() && !ended {
			d.ErrCode, d.Status, d.Fault, d.Action = r.ErrCode, r.Status, r.Fault, r.Action
			ended = true
		}
	}
	return d
}
