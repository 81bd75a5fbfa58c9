package history

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
)

// PlannedArm is what is fixed of an arm before it runs.
type PlannedArm struct {
	Arm    string
	Ops    []PlannedOp
	Faults []PlannedFault
}

// PlannedFault is a fault as the schedule places it, in seconds after the arm's base.
type PlannedFault struct {
	Name   string
	Target string
	FromS  float64
	ToS    float64
}

// PlanHash is the sha256 (hexadecimal) over all that the seed decides: for each arm the due
// time, kind, follower and content of every operation, and the planned time of every fault.
// Times count in whole microseconds. Otherwise the hash would depend on the last bit of a
// floating-point number.
func PlanHash(arms []PlannedArm) string {
	sum := sha256.New()
	w := bufio.NewWriter(sum) // a hash never fails to write
	for _, a := range arms {
		_, _ = fmt.Fprintf(w, "arm %q\n", a.Arm)
		for _, p := range a.Ops {
			_, _ = fmt.Fprintf(w, "op %d %d %q %q %q %q %q %q %q %q\n",
				p.Seq, micros(p.DueS), p.Kind, p.OpenID, p.MsgID, p.Text, p.Event, p.Key, p.Phone, p.Code)
		}
		for _, f := range a.Faults {
			_, _ = fmt.Fprintf(w, "fault %q %q %d %d\n", f.Name, f.Target, micros(f.FromS), micros(f.ToS))
		}
	}
	_ = w.Flush()
	return hex.EncodeToString(sum.Sum(nil))
}

func micros(s float64) int64 { return int64(math.Round(s * 1e6)) }
