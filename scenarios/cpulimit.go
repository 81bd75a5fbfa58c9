package scenarios

import "oalab/scenarios/history"

// Usage is processor time, in seconds, in which a number of messages was answered
// without limits.
type Usage struct {
	Messages, Apps, Cores int
	IdleS                 float64 // a second, of the machine without load
	AppS                  float64 // of all app servers together
	MachineS              float64 // that was busy, theirs included
	TimeS                 float64 // of all processors together
}

// The smallest and the largest limit that is chosen, in processors' worth. Below, what a
// server does without messages would be much of its time.
const (
	leastCPUs = 0.05
	mostCPUs  = 0.5
)

// ChooseLimit is the limit of each app server at which about the share aim of the machine
// is busy when all of them are at it. A server at its limit answers limit/AppS messages a
// second, each of which costs RestS elsewhere:
//
//	aim × cores = idle + apps × limit × (1 + RestS/AppS)
func ChooseLimit(u Usage, aim float64) history.CPULimit {
	l := history.CPULimit{Aim: aim, IdleS: u.IdleS, Apps: u.Apps, Cores: u.Cores, CPUs: leastCPUs}
	if u.Messages < 1 || u.Apps < 1 || u.Cores < 1 || u.AppS <= 0 {
		return l // nothing was measured
	}
	n := float64(u.Messages)
	l.AppS = u.AppS / n
	l.RestS = max(0, u.MachineS-u.AppS-u.IdleS*u.TimeS/float64(u.Cores)) / n
	free := aim*float64(u.Cores) - u.IdleS
	l.CPUs = min(max(free/float64(u.Apps)/(1+l.RestS/l.AppS), leastCPUs), mostCPUs)
	return l
}
