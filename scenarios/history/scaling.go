package history

// Scaling is how the load balancers of an arm size their pools of app servers (DIS-2).
type Scaling struct {
	Bands []ScalingBand `json:"bands"` // in ascending order, the first from 0
	// EveryS is the interval over which a scaler averages, HoldS how long the rate must
	// be in a lower band before the pool shrinks, in seconds.
	EveryS float64 `json:"every_s"`
	HoldS  float64 `json:"hold_s"`
	// Margin is by which share of its upper edge the rate must be in a lower band.
	Margin float64 `json:"margin"`
	// Factor is what the source's edges were multiplied by; 1: they are the source's.
	Factor float64 `json:"factor"`
	// Off means that no scaler runs: the pool is that of the first band all the time.
	Off bool `json:"off,omitempty"`
}

// ScalingBand is a range of request rates, which ends where the next begins.
type ScalingBand struct {
	FromPerS float64 `json:"from_per_s"`
	Servers  int     `json:"servers"`
}

// At is the band of a rate, counted from 0.
func (s Scaling) At(perS float64) int {
	band := 0
	for i, b := range s.Bands {
		if perS >= b.FromPerS {
			band = i
		}
	}
	return band
}

// The samples of the Nginx of a load balancer: one series for each value of its
// stub_status, and SeriesAppServers, how many app servers its running configuration
// has. All of one look are dated alike.
const (
	SeriesActive     = "active"
	SeriesAccepts    = "accepts"
	SeriesHandled    = "handled"
	SeriesRequests   = "requests"
	SeriesReading    = "reading"
	SeriesWriting    = "writing"
	SeriesWaiting    = "waiting"
	SeriesAppServers = "app_servers"
)

// ProbeNginx is the probe of the Nginx of a load balancer, by the name of its host.
func ProbeNginx(host string) string { return host + ".nginx" }

// ProbeScaler is the probe of what the scaler of a load balancer says of itself. It is
// for people: nothing is judged by it.
func ProbeScaler(host string) string { return host + ".scaler" }
