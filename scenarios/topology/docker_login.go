package topology

import (
	"strings"

	"oalab/scenarios/topology/container"
	"oalab/scenarios/topology/image"
)

// logins are the hosts of the login servers, each with the role alone.
func (d *docker) logins() ([]container.Spec, error) {
	if d.spec.LoginServers == 0 {
		return nil, nil
	}
	cfg := d.config()
	cfg.WeChat.OpenBase = cfg.WeChat.APIBase
	cfg.OAuth = loginOf(d.spec, d.entry())
	for i := range 2 {
		cfg.OAuth.Proxies = append(cfg.OAuth.Proxies, d.place(placeLB+i).String())
	}
	config, err := cfg.render()
	if err != nil {
		return nil, err
	}
	var specs []container.Spec
	for i := range d.spec.LoginServers {
		name := string(LoginServer(i + 1))
		specs = append(specs, container.Spec{
			Name: name, Image: d.images[image.App].Ref, Addr: d.place(placeLogin + i),
			Cmd:     []string{"serve", "--roles", d.spec.loginRoles()},
			Env:     map[string]string{"GOMAXPROCS": "1"},
			Files:   []container.File{{Path: configPath, Content: config, Mode: 0o600}},
			Volumes: []string{dataDir}, // sessions in files outlive a kill
			LogPath: d.log(name), Ready: answers(d.url(placeLogin+i, portApp) + "/readyz"),
		})
	}
	return specs, nil
}

// loginBalance is what the load balancers are told of the login servers. The browsers of the
// generator all come from one address of this machine: it stands for a proxy that tells theirs.
func (d *docker) loginBalance() map[string]string {
	if d.spec.LoginServers == 0 {
		return nil
	}
	var servers []string
	for i := range d.spec.LoginServers {
		servers = append(servers, d.addr(placeLogin+i, portApp))
	}
	env := map[string]string{"LOGIN_UPSTREAMS": strings.Join(servers, " "), "REAL_IP_FROM": d.network.Gateway().String()}
	if d.layout.LocalSessions {
		env["LOGIN_METHOD"] = "ip_hash"
	}
	return env
}

// LoginDoors is the load balancer.
func (d *docker) LoginDoors() []Node { return []Node{{Name: "vip", URL: d.entry()}} }

// LoginBase is the address under which browsers know the login servers.
func (d *docker) LoginBase() string { return d.entry() }
