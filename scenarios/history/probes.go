package history

// Probes of a pair of load balancers in front of app servers, as samples.jsonl holds
// them. Whoever writes them and whoever judges by them use these names.
const (
	// ProbeVIP asks the virtual IP in an open loop: a GET over a fresh connection
	// every VIPEveryS, whatever became of those before, given up after VIPLimitS. All
	// its samples are dated when the request was asked, so that they may stand up to
	// VIPLimitS out of order. An answer gives two samples, SeriesNode and
	// SeriesAnswer; no answer gives one, with Error and no name.
	ProbeVIP     = "vip"
	SeriesNode   = "node"     // which load balancer answered: 1 or 2, in the order of the hosts
	SeriesAnswer = "answer_s" // how long the answer took, in seconds

	// ProbeAddress tells who holds the virtual IP: one series for each load balancer,
	// named as the host is, 1 while it has the address on its interface and 0 while
	// not. It is written when it changes, and besides once when the observation begins
	// and once when it ends, so that silence in between means no change. A host that
	// was killed has 0 from when it was seen dead; a frozen one keeps what it had. A
	// sample with Error means that from then on nobody knows.
	ProbeAddress = "address"

	// ProbeVRRP is the state that keepalived tells through its notify script: one
	// series for each load balancer, named as the host is, written when it changes.
	ProbeVRRP = "vrrp"

	// ProbeUpstream counts what Nginx gave to each app server: one series for each,
	// named as the server is, with the number of requests since Nginx began, over all
	// load balancers, about every 100 ms. A count that fell began again from zero.
	ProbeUpstream = "upstream"
)

// ProbeGenerator is what the generator tells of itself: SeriesConnections is how many
// connections the platform had open to the service at the most since it was told last,
// about every 100 ms. A move of the address may cost each of them a try.
const (
	ProbeGenerator    = "generator"
	SeriesConnections = "open_connections"
)

// Pace of the probe of the virtual IP, in seconds (CHA-5).
const (
	VIPEveryS = 0.010
	VIPLimitS = 0.200
)

// Values of ProbeVRRP: RFC 9568 section 6.4, and keepalived's own fault and stop.
const (
	VRRPFault   = 0
	VRRPBackup  = 1
	VRRPMaster  = 2
	VRRPStopped = 3
)

// The faults of a pair of load balancers by the names of design section 6.
const (
	FaultKillNginx  = "kill-nginx"
	FaultKillHost   = "kill-host"
	FaultStopHost   = "stop-host"
	FaultFreezeHost = "freeze-host"
	FaultCutHost    = "cut-host"
	FaultFailBack   = "fail-back"
	FaultRejoin     = "rejoin"
	FaultSplitBrain = "split-brain"
)

// WayBack names the way on which a host gets the virtual IP back after a fault. One
// that was down comes as a stranger and takes it from the other: fail-back. One that
// was only cut off or frozen never let go of it, and both have it until they hear of
// each other: rejoin.
func WayBack(fault string) string {
	if fault == FaultCutHost || fault == FaultFreezeHost {
		return FaultRejoin
	}
	return FaultFailBack
}

// IsWayBack reports whether a window is of a way back, not of a fault.
func IsWayBack(fault string) bool { return fault == FaultFailBack || fault == FaultRejoin }

// LawUniform is the one law that a Prediction can name.
const LawUniform = "uniform"

// Prediction is what the settings of the system let expect of one cycle of a fault,
// written before the load begins and held against the measurement afterwards (REP-9).
// All times are in seconds, as the probe of the virtual IP sees an outage: from when
// the first request that fails was asked until the first was that is answered.
type Prediction struct {
	Fault string `json:"fault"`
	Probe string `json:"probe,omitempty"` // what it speaks of: ProbeVIP when empty, ProbeCanary, ProbeLoss
	What  string `json:"what"`            // what is expected, such as outage by the probe of the virtual IP
	// LowS and HighS bound a cycle, what measuring it may add or take off included.
	LowS  float64 `json:"low_s"`
	HighS float64 `json:"high_s"`
	// Law is the distribution between LawLowS and LawHighS, the closed form without
	// any slack: LawUniform, or "" where only the bounds are known.
	Law      string  `json:"law,omitempty"`
	LawLowS  float64 `json:"law_low_s"`
	LawHighS float64 `json:"law_high_s"`
	From     string  `json:"from"` // the settings that it was computed from
}
