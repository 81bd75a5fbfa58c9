package history

// ProbeHost has the kernel's counters of each host since its start (SCN-5, SCN-7). Its
// series are named HOST.COUNTER. MachineHost is the whole machine. Its series are the busy
// and the whole time of all its processors, and the load average of the last minute, which
// is no counter.
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
