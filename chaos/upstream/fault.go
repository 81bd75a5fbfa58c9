package upstream

import (
	"context"
	"errors"
	"fmt"

	"oalab/chaos"
)

// fault is some rules as a chaos.Fault.
type fault struct {
	controller *Controller
	name       string
	target     chaos.Target
	rules      []Rule
}

// Fault makes a fault of rules at the controller's mock. Several faults of one
// controller may overlap; where their rules meet, the one injected first decides.
func (c *Controller) Fault(name string, target chaos.Target, rules ...Rule) chaos.Fault {
	return &fault{controller: c, name: name, target: target, rules: clones(rules)}
}

// Name implements chaos.Fault.
func (f *fault) Name() string { return f.name }

// Target implements chaos.Fault.
func (f *fault) Target() chaos.Target { return f.target }

// Inject adds the rules to those in force.
func (f *fault) Inject(ctx context.Context) error {
	if len(f.rules) == 0 {
		return f.wrap("inject", errors.New("it has no rules"))
	}
	return f.wrap("inject", f.controller.change(ctx, func(u *union) error {
		u.remove(f)
		u.faults = append(u.faults, f)
		err := f.controller.put(ctx, u)
		if err != nil {
			// Whether the mock got them is not known. The next change, at the
			// latest this fault's recovery, sets it right.
			u.remove(f)
		}
		return err
	}))
}

// Recover takes the rules out and leaves those of other faults. It tells the
// mock even when the rules were not known to be in.
func (f *fault) Recover(ctx context.Context) error {
	return f.wrap("recover", f.controller.change(ctx, func(u *union) error {
		u.remove(f)
		return f.controller.put(ctx, u)
	}))
}

// AwaitEffect reads the rules back from the mock until all are in force.
func (f *fault) AwaitEffect(ctx context.Context) error {
	return f.wrap("await effect", f.controller.await(ctx, func(inForce []Rule) error {
		have := count(inForce)
		for key, n := range count(f.rules) {
			if have[key] < n {
				return fmt.Errorf("the rule %s is not in force", key)
			}
		}
		return nil
	}))
}

// AwaitHealed reads the rules back from the mock until none of this fault is
// left; an equal rule of another fault may stay.
func (f *fault) AwaitHealed(ctx context.Context) error {
	return f.wrap("await healed", f.controller.await(ctx, func(inForce []Rule) error {
		var others map[string]int
		if err := f.controller.change(ctx, func(u *union) error {
			others = count(u.rules())
			return nil
		}); err != nil {
			return err
		}
		have := count(inForce)
		for key := range count(f.rules) {
			if have[key] > others[key] {
				return fmt.Errorf("the rule %s is still in force", key)
			}
		}
		return nil
	}))
}

func (f *fault) wrap(step string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("fault %s: %s: %w", f.name, step, err)
}

func count(rules []Rule) map[string]int {
	n := map[string]int{}
	for _, r := range rules {
		n[keyOf(r)]++
	}
	return n
}
