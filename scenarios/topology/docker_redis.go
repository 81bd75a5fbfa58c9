package topology

import (
	"oalab/chaos"
	"oalab/chaos/host"
)

// CutRedis takes its host off the network.
func (d *docker) CutRedis(name string) (chaos.Fault, error) {
	return host.Cut(name, HostRedis, d.hosts[HostRedis], host.Link{}), nil
}
