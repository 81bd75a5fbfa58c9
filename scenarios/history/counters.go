package history

// ProbeHost tells what the kernel has counted of each host (SCN-5, SCN-7): series are
// named HOST.COUNTER, all of them since the host was started. MachineHost is the machine
// with everything that runs on it; of it there are the busy and the whole time of all
// its processors, and the load average of the last minute, which is no counter.
const (
	ProbeHost   = "host"
	MachineHost = "machine"
)

// Counters of a host.
const (
	CounterCPU = "cpu_s" // processor time used
	// CounterPeriods are the periods of a CPU limit in which it wanted to run, and
	// CounterThrottled those of them in which the limit held it back.
	CounterPeriods   = "periods"
	CounterThrottled = "throttled"
	CounterReceived  = "received_b" // bytes
	CounterSent      = "sent_b"
	CounterBusy      = "busy_s"  // of the machine: time of its processors that was not idle
	CounterTime      = "time_s"  // of the machine: all time of its processors
	GaugeLoad        = "load_1m" // of the machine
)
