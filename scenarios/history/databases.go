package history

import "time"

// FileDatabases holds what was read from a pair of MySQL masters: one TableReading a
// line. Only an arm with such a pair has it.
const FileDatabases = dirLedgers + "/databases.jsonl"

// Probes of a pair of MySQL masters, as samples.jsonl holds them. Each is followed by
// a dot and the group of tables that it is about, core or log.
const (
	// ProbeCanary writes a row through the virtual IP of a group of tables every
	// CanaryEveryS, in an open loop like ProbeVIP. A sample is dated when its write began.
	// A write with Error was not acknowledged; its row may exist or not. An acknowledged
	// write gives SeriesValue, the key of its row, and SeriesAnswer.
	ProbeCanary = "canary"
	SeriesValue = "value"
	// ProbeHolds is ProbeAddress for the virtual IP of a group of tables.
	ProbeHolds = "holds"
	// ProbeAge is the age of the newest canary row on each master, in seconds. The series
	// has the name of the host. In steady state the age is below CanaryEveryS plus the
	// replication lag.
	ProbeAge = "age"
	// ProbeLoss is the Probe of a Prediction of lost writes. The bounds of such a
	// prediction are counts.
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

// The faults of a pair of masters by the names of docs/contracts.md.
const (
	FaultKillMaster   = "kill-master"
	FaultFreezeMaster = "freeze-master"
	FaultCutMaster    = "cut-master"
	FaultCutLink      = "cut-link"
)

// Why the masters were read.
const (
	// ReadEnd: at the end of the arm, after all writers have ended.
	ReadEnd = "end"
	// ReadSurvivor: the master that has taken over, before the other one returns.
	ReadSurvivor = "survivor"
	// ReadContest: the rows that a writer beside this master wrote with an acknowledgement,
	// while a writer beside the other master wrote the same rows. The keys are those of
	// Contested.
	ReadContest = "contest"
	// ReadSwap: the row that a writer beside the master changed at this master itself.
	// Checksum is the value that it wrote.
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
	// Keys are the keys of all rows, for tables whose rows a client got an acknowledgement
	// for: canary rows, and orders by their serials.
	Keys []string `json:"keys,omitempty"`
}

// The tables whose keys are read.
const (
	TableCanary = "canary"
	TableOrders = "orders"
)
