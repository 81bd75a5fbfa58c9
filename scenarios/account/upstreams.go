package account

import (
	"cmp"
	"slices"

	"oalab/scenarios/history"
)

// Upstream is what Nginx gave to one app server.
type Upstream struct {
	Name  string
	Rises []Rise // in order of time
}

// Rise is by how many requests the count rose between two samples.
type Rise struct {
	FromS, ToS float64 // in seconds after base
	Requests   float64
}

// Upstreams are the app servers behind Nginx in the order of their names, as the
// probe of its counts saw them. A count that fell was begun again.
func Upstreams(a *history.Arm) []Upstream {
	last := map[string]history.Sample{}
	var out []Upstream
	for _, s := range a.Samples {
		if s.Probe != history.ProbeUpstream || s.Error != "" || s.Name == "" {
			continue
		}
		i := slices.IndexFunc(out, func(u Upstream) bool { return u.Name == s.Name })
		if i < 0 {
			i = len(out)
			out = append(out, Upstream{Name: s.Name})
		}
		if before, seen := last[s.Name]; seen && s.AtS > before.AtS {
			rise := s.Value - before.Value
			if rise < 0 {
				rise = s.Value
			}
			out[i].Rises = append(out[i].Rises, Rise{before.AtS, s.AtS, rise})
		}
		last[s.Name] = s
	}
	slices.SortFunc(out, func(x, y Upstream) int { return cmp.Compare(x.Name, y.Name) })
	return out
}

// In is how many requests the server was given in [from, to), a rise between two
// samples taken as even.
func (u Upstream) In(from, to float64) float64 {
	sum := 0.0
	for _, r := range u.Rises {
		if over := min(to, r.ToS) - max(from, r.FromS); over > 0 {
			sum += r.Requests * over / (r.ToS - r.FromS)
		}
	}
	return sum
}
