package rabbit

import (
	"fmt"
	"regexp"

	"oalab/server/internal/config"
)

// Settings is the broker; an empty URL is the queue in the process.
type Settings struct {
	// URL is amqp:// or amqps://, with user, password and virtual host.
	URL config.Secret `yaml:"url"`
	// Nodes, host:port, are further nodes of its cluster, at which URL counts as well: the
	// next one is used when the connection to one is lost.
	Nodes []string `yaml:"nodes"`
	// Prefix begins the names of the queues at the broker, so that deployments can
	// share one.
	Prefix string `yaml:"prefix"`
}

// DefaultSettings are those of an empty stanza.
func DefaultSettings() Settings { return Settings{Prefix: "oalab."} }

var queuePrefix = regexp.MustCompile(`^[0-9A-Za-z._-]{1,64}$`)

// Validate adds what is wrong with the settings, each under its key.
func (s Settings) Validate(f *config.Faults) {
	if s.URL != "" {
		if err := CheckURL(string(s.URL)); err != nil {
			f.Add("amqp.url", "%w", err)
		}
	}
	for i, n := range s.Nodes {
		f.HostPort(fmt.Sprintf("amqp.nodes[%d]", i), n)
	}
	if s.URL == "" && len(s.Nodes) > 0 {
		f.Add("amqp.nodes", "are set without amqp.url")
	}
	if !queuePrefix.MatchString(s.Prefix) {
		f.Add("amqp.prefix", "%q is not 1 to 64 letters, digits, . - or _", s.Prefix)
	}
}
