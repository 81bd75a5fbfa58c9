package scenarios

import (
	"fmt"

	"oalab/scenarios/topology"
)

// need is a power that an arm asks of its topology, and the part of the arm that does.
type need struct {
	by string
	topology.Need
}

// needs are the powers that the arm's faults, measurements and load ask for.
func (a Arm) needs(size Size) []need {
	var list []need
	if a.Faults != nil {
		for _, f := range a.Faults(size) {
			for _, n := range f.Needs {
				list = append(list, need{"fault " + f.Name, n})
			}
		}
	}
	setup := a.SetupFor(size)
	for _, i := range setup.Instruments {
		for _, n := range i.Needs() {
			list = append(list, need{"instrument " + i.Name(), n})
		}
	}
	if a.Load != nil {
		if l, err := a.Load(size); err == nil { // an error is told when the load is made
			if l.Logins != nil {
				list = append(list, need{"a load of logins", topology.Need{Power: topology.PowerLogin}})
			}
			if l.TokenReads != nil {
				list = append(list, need{"a load of token reads", topology.Need{Power: topology.PowerControl}})
			}
			if l.Packets != nil {
				list = append(list, need{"a load of red packets", topology.Need{Power: topology.PowerBooks}})
			}
		}
	}
	if setup.CPUAim > 0 {
		list = append(list, need{"choosing CPU limits", topology.Need{Power: topology.PowerCounters}},
			need{"choosing CPU limits", topology.Need{Power: topology.PowerHost}})
	}
	return list
}

// beside is what the setup has beside its layout.
func (s Setup) beside() topology.Beside {
	return topology.Beside{Servers: s.Servers, Logins: s.LoginServers, Control: s.ControlNodes, Packets: s.Packets != nil}
}

// SetupFor is what the arm changes in the system under test, in a size.
func (a Arm) SetupFor(size Size) Setup {
	if a.Sized != nil {
		return a.Sized(size)
	}
	return a.Setup
}

// Lacks is nil if the topology, once it is started for the arm, has every power that the arm
// needs. Otherwise the error names what needs the power, the power and the topology.
func (a Arm) Lacks(name string, size Size) error {
	setup := a.SetupFor(size)
	for _, n := range a.needs(size) {
		if err := topology.Lacks(name, setup.Layout, setup.beside(), n.Need); err != nil {
			return fmt.Errorf("arm %s: %s: %w in the arm's layout", a.Name, n.by, err)
		}
	}
	return nil
}
