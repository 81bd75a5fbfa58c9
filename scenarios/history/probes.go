package history

// Probes of a pair of load balancers in front of app servers, as samples.jsonl holds them.
// The topology that writes them and the checkers use these names.
const (
	// ProbeVIP asks the virtual IP in an open loop: a GET over a new connection every
	// VIPEveryS, given up after VIPLimitS. It does not wait for earlier requests. Its
	// samples are dated when the request was sent, so their order in the file may be wrong
	// by up to VIPLimitS. An answer gives two samples, SeriesNode and SeriesAnswer. A
	// request without an answer gives one sample, with Error and no name.
	ProbeVIP     = "vip"
	SeriesNode   = "node"     // which load balancer answered: 1 or 2, in the order of the hosts
	SeriesAnswer = "answer_s" // how long the answer took, in seconds

	// ProbeAddress has one series for each load balancer, with the name of the host: 1
	// while the host has the virtual IP on its interface, else 0. A sample is written at
	// each change, and also when the observation begins and when it ends. Therefore no
	// sample in between means no change. A killed host has 0 from when it was seen dead. A
	// frozen host keeps its value. After a sample with Error the value is unknown.
	ProbeAddress = "address"

	// ProbeVRRP is the state that keepalived reports through its notify script. It has one
	// series for each load balancer, with the name of the host, written at each change.
	ProbeVRRP = "vrrp"

	// ProbeUpstream counts the requests that Nginx gave to each app server since Nginx
	// began, over all load balancers, about every 100 ms. It has one series for each app
	// server, with the name of the server. A count that fell began again from zero.
	ProbeUpstream = "upstream"
)

// ProbeGenerator has the generator's own figures: SeriesConnections is the largest number
// of connections that the platform had open to the service since the sample before, about
// every 100 ms. A move of the address may cost each connection a try.
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

// The faults of a pair of load balancers by the names of docs/contracts.md.
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

// WayBack names the way in which a host gets the virtual IP back after a fault. A host that
// was down starts anew and takes the address from the other: fail-back. A host that was cut
// off or frozen has never released the address. Both hosts have it until they hear of each
// other: rejoin.
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

// Prediction is the outage of one cycle of a fault, computed from the settings of the
// system. It is written before the load begins and compared with the measurement afterwards
// (REP-9). All times are in seconds. An outage lasts from the sending of the first request
// of the probe that fails to the sending of the first request that is answered.
type Prediction struct {
	Fault string `json:"fault"`
	Probe string `json:"probe,omitempty"` // what it is about: ProbeVIP when empty, ProbeCanary, ProbeLoss
	What  string `json:"what"`            // what is expected, such as outage by the probe of the virtual IP
	// LowS and HighS bound a cycle. They include the error of the measurement.
	LowS  float64 `json:"low_s"`
	HighS float64 `json:"high_s"`
	// Law is the distribution between LawLowS and LawHighS, the closed form without
	// any slack: LawUniform, or "" where only the bounds are known.
	Law      string  `json:"law,omitempty"`
	LawLowS  float64 `json:"law_low_s"`
	LawHighS float64 `json:"law_high_s"`
	From     string  `json:"from"` // the settings that it was computed from
	// Slow is the factor that the slack was multiplied by, if it is above 1.
	Slow float64 `json:"slow,omitempty"`
}
