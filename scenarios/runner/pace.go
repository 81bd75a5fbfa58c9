package runner

import (
	"context"
	"fmt"
	"runtime"

	"oalab/chaos"
	"oalab/scenarios/history"
	"oalab/scenarios/machine"
)

// measure times the machine and chooses the rung of the ladder. The context that it
// returns has the patience that the machine needs.
func (r *run) measure(ctx context.Context) (context.Context, error) {
	r.say("calibrate")
	var err error
	if r.pace.Speed, err = r.o.Ceiling.fast(ctx, r.o.Out); err != nil {
		return ctx, err
	}
	r.pace.SpeedFactor = machine.Factor(r.pace.Speed)
	if r.o.Rung != nil {
		r.pace.Rung = *r.o.Rung
	} else {
		r.pace.Rung = machine.Rung(r.pace.SpeedFactor, r.o.Scenario.Rungs(r.o.Topology, r.o.Size))
	}
	if r.pace.ClaimedRate, err = r.o.Scenario.Peak(r.o.Size); err != nil {
		return ctx, err
	}
	r.pace.UsedRate = r.pace.ClaimedRate * machine.Share(r.pace.Rung)
	r.say(paceText(r.pace))
	return chaos.WithPatience(ctx, r.pace.SpeedFactor), nil
}

// paceText describes the speed of the machine and the rate that was chosen from it.
func paceText(p history.Pace) string {
	text := fmt.Sprintf("the machine takes %.1f times as long as the reference one", p.SpeedFactor)
	if p.ClaimedRate > 0 {
		text += fmt.Sprintf("; rate %.4g/s of %.4g/s claimed (rung %d)", p.UsedRate, p.ClaimedRate, p.Rung)
	}
	return text
}

// paced is the machine's speed as text, for the environment of a run.
func paced(env map[string]string, p history.Pace) map[string]string {
	if p.SpeedFactor == 0 {
		return env
	}
	env["speed"] = paceText(p)
	for _, s := range p.Speed {
		env["speed of "+s.Name] = fmt.Sprintf("%.3g s each, %.3g to %.3g in %d rounds; reference %.3g s", s.MedianS, s.LeastS, s.MostS, s.Rounds, s.ReferenceS)
	}
	if runtime.GOOS != "linux" {
		env["speed"] += "; times of the reference are those of Linux"
	}
	return env
}
