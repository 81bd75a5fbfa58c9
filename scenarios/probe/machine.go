package probe

import (
	"context"

	"oalab/scenarios/history"
	"oalab/scenarios/machine"
)

// Machine returns a probe of how full the machine is, or the error of the first reading.
// Each answer covers the time since the answer before.
func Machine() (Func, error) {
	before, err := machine.Read()
	if err != nil {
		return nil, err
	}
	return func(context.Context) ([]Reading, error) {
		now, err := machine.Read()
		if err != nil {
			return nil, err
		}
		u, ok := now.Since(before)
		if !ok {
			return nil, nil // the next answer covers this time too
		}
		before = now
		readings := []Reading{
			{Name: history.SeriesMachineBusy, Value: u.Busy},
			{Name: history.SeriesMachineQueue, Value: u.RunQueue},
			{Name: history.SeriesMachineStolen, Value: u.Stolen},
		}
		if u.HasPressure {
			readings = append(readings, Reading{Name: history.SeriesMachinePressure, Value: u.Pressure})
		}
		return readings, nil
	}, nil
}
