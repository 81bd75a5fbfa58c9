package history

// Step is one step of a closed load, as it was carried out: so many clients, each with
// one operation in flight, made so many requests together (SCN-5). Operations are
// numbered through over the steps, in their order.
type Step struct {
	// Nodes is how many app servers stood behind the load balancer; 0: the clients asked
	// app server 1 itself.
	Nodes    int    `json:"nodes"`
	Clients  int    `json:"clients"`
	Requests int    `json:"requests"`
	FirstSeq uint64 `json:"first_seq"`
	// Calibrates marks the step that CPULimit was computed from, before there was one.
	Calibrates bool `json:"calibrates,omitempty"`
}

// CPULimit is how the processor limit of the app servers was chosen: so that all of them
// at their limit, and what else a message costs, leave a part of the machine idle.
type CPULimit struct {
	Cores   int     `json:"cores"`
	IdleS   float64 `json:"idle_s"`   // processor time a second of the whole system without load
	AppS    float64 `json:"app_s"`    // processor time of a message on an app server
	RestS   float64 `json:"rest_s"`   // and everywhere else: generator, load balancer, stores, kernel
	Aim     float64 `json:"aim"`      // share of the machine that is meant to be busy
	Apps    int     `json:"apps"`     // with the limit
	CPUs    float64 `json:"cpus"`     // the limit, in processors' worth
	PeriodS float64 `json:"period_s"` // of the kernel's accounting: CPUs × PeriodS is used up, then the host waits
}
