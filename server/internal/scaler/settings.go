package scaler

import (
	"strings"
	"time"

	"oalab/server/internal/config"
)

// Settings are what sizes the pool of app servers behind a load balancer (DIS-2). They are
// used by the role scaler only.
type Settings struct {
	// OwnStatus is the address of stub_status of this host's Nginx.
	OwnStatus string `yaml:"own_status"`
	// PartnerStatus is that of the other load balancer; empty means that there is none.
	PartnerStatus string `yaml:"partner_status"`
	// Every is the interval over which the rate of requests is averaged.
	Every config.Duration `yaml:"every"`
	// Hold is how long the rate must be in a lower band before the pool shrinks.
	Hold config.Duration `yaml:"hold"`
	// Margin is by how many percent of its upper edge the rate must be in a lower band.
	Margin int `yaml:"margin"`
	// Bands are pairs of a rate in requests per second and the app servers from there
	// on, such as "0:1 500:2 1000:3".
	Bands Bands `yaml:"bands"`
	// Servers are all app servers, as the command takes them. A band that takes n of them
	// takes the first n that are healthy; the next healthy one stands by as a backup.
	Servers []string `yaml:"servers"`
	// HealthEvery is how often each app server is asked for HealthPath. 3 failures in a row
	// make it unhealthy, 2 successes healthy again.
	HealthEvery config.Duration `yaml:"health_every"`
	// HealthPath is the path that is asked for.
	HealthPath string `yaml:"health_path"`
	// HealthPort takes the place of the server's own port, for servers with an admin_listen;
	// 0 means the own port.
	HealthPort int `yaml:"health_port"`
	// Command changes the app servers of this host's Nginx; it gets them as arguments.
	Command []string `yaml:"command"`
}

// DefaultSettings are those of an empty stanza.
func DefaultSettings() Settings {
	return Settings{
		OwnStatus: "http://127.0.0.1:8081/status",
		Every:     config.Duration(5 * time.Second), Hold: config.Duration(15 * time.Second), Margin: 10,
		Bands: DefaultBands(), Command: []string{"set-upstream"},
		HealthEvery: config.Duration(time.Second), HealthPath: "/readyz",
	}
}

// Validate adds what is wrong with the settings, each under its key.
func (s Settings) Validate(f *config.Faults) {
	f.Address("scaler.own_status", s.OwnStatus)
	f.Address("scaler.partner_status", s.PartnerStatus)
	if s.Every < config.Duration(100*time.Millisecond) {
		f.Add("scaler.every", "%v is below 100ms", s.Every)
	}
	if s.Hold < s.Every {
		f.Add("scaler.hold", "%v is below scaler.every, %v", s.Hold, s.Every)
	}
	if s.Margin < 1 || s.Margin > 90 {
		f.Add("scaler.margin", "%d is not between 1 and 90 percent", s.Margin)
	}
	if err := s.Bands.Validate(); err != nil {
		f.Add("scaler", "%w", err)
	} else if have := len(s.Servers); have > 0 && s.Bands.Most() > have {
		f.Add("scaler.bands", "the highest takes %d servers, scaler.servers has %d", s.Bands.Most(), have)
	}
	for _, server := range s.Servers {
		if address, _, _ := strings.Cut(server, ","); strings.Trim(address, hostLetters) != "" || !strings.Contains(address, ":") {
			f.Add("scaler.servers", "%q is not host:port", server)
		}
	}
	if s.HealthEvery < config.Duration(100*time.Millisecond) {
		f.Add("scaler.health_every", "%v is below 100ms", s.HealthEvery)
	}
	if !strings.HasPrefix(s.HealthPath, "/") {
		f.Add("scaler.health_path", "%q does not begin with /", s.HealthPath)
	}
	if s.HealthPort < 0 || s.HealthPort > 65535 {
		f.Add("scaler.health_port", "%d is not between 0 and 65535", s.HealthPort)
	}
	if len(s.Command) == 0 || s.Command[0] == "" {
		f.Add("scaler.command", "must not be empty")
	}
}

// hostLetters are those of host:port: what goes into a configuration of Nginx holds no
// other.
const hostLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]"
