package history

import "time"

// FileDatabases holds what was read from a pair of MySQL masters: one TableReading a
// line. Only an arm with such a pair has it.
const FileDatabases = dirLedgers + "/databases.jsonl"

// Probes of a pair of MySQL masters, as samples.jsonl holds them. Each is followed by
// a dot and the group of tables that it speaks of, core or log.
const (
	// ProbeCanary writes a row through the virtual IP of a group in an open loop, every
	// CanaryEveryS, as ProbeVIP asks: dated when it was begun, one with Error was not
	// acknowledged and may be there or not. One that was acknowledged gives SeriesValue,
	// the key of its row, and SeriesAnswer.
	ProbeCanary = "canary"
	SeriesValue = "value"
	// ProbeHolds is ProbeAddress for the virtual IP of a group: who has it.
	ProbeHolds = "holds"
	// ProbeAge tells how old the newest canary row is on each master, in seconds: the
	// series is named as the host is. In steady state it is below CanaryEveryS and the
	// replication lag.
	ProbeAge = "age"
	// ProbeLoss is what a Prediction of lost writes speaks of; its bounds are counts.
	ProbeLoss = "loss"
)

// CanaryEveryS is the time between two canary writes of a group, in seconds.
const CanaryEveryS = 0.020

// The groups of tables, each of which has a home of its own (STO-3).
const (
	GroupCore = "core"
	GroupLog  = "log"
)

// Groups are the groups of tables, in the order of the masters that are their homes.
func Groups() []string { return []string{GroupCore, GroupLog} }

// The faults of a pair of masters by the names of design section 6.
const (
	FaultKillMaster   = "kill-master"
	FaultFreezeMaster = "freeze-master"
	FaultCutMaster    = "cut-master"
	FaultCutLink      = "cut-link"
)

// Why the masters were read.
const (
	// ReadEnd: at the end of the arm, when nobody writes any more.
	ReadEnd = "end"
	// ReadSurvivor: the master that has taken over, before the other one returns.
	ReadSurvivor = "survivor"
	// ReadContest: what a writer beside the master was acknowledged, of rows that one
	// beside the other wrote too. The keys are those of Contested.
	ReadContest = "contest"
	// ReadSwap: what a writer beside the master changed at that master itself; Checksum is
	// the value that it wrote.
	ReadSwap = "swap"
)

// ContestedFrom is the first key of the canary rows that both sides write, ContestedRows
// how many there are.
const (
	ContestedFrom = 900_000_001
	ContestedRows = 5
)

// TableReading is one table of one master at one moment.
type TableReading struct {
	At       time.Time `json:"at"`
	Why      string    `json:"why"`
	Host     string    `json:"host"`
	Group    string    `json:"group"`
	Table    string    `json:"table"`
	Rows     int       `json:"rows"`
	Checksum int64     `json:"checksum"` // CHECKSUM TABLE: equal for equal rows
	// Keys are those of all rows, of tables whose rows somebody was promised: canary
	// rows, and orders by their serials.
	Keys []string `json:"keys,omitempty"`
}

// The tables whose keys are read.
const (
	TableCanary = "canary"
	TableOrders = "orders"
)
