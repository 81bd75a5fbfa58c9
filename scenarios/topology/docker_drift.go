package topology

import (
	"context"
	"fmt"
	"strings"

	"oalab/chaos"
	"oalab/scenarios/history"
)

// Drift compares the configurations of Nginx on the two load balancers.
func (d *docker) Drift(ctx context.Context) history.Drift {
	drift := history.Drift{What: "nginx", Hosts: [2]string{string(HostLB1), string(HostLB2)}}
	var configs [2]hostConfig
	for i, lb := range []chaos.Target{HostLB1, HostLB2} {
		text, err := d.nginxConfig(ctx, lb)
		if err != nil {
			drift.Error = err.Error()
			return drift
		}
		configs[i] = hostConfig{host: string(lb), text: text, self: []string{string(lb), d.place(placeLB + i).String()}}
	}
	drift.Lines, drift.Compared = compareConfigs(configs[0], configs[1])
	return drift
}

// printConfig prints the configuration and nothing else, or why Nginx refuses it: both
// streams come as one.
const printConfig = `said=$(nginx -t -q 2>&1) || { echo "$said"; exit 1; }; exec nginx -T -q 2>/dev/null`

// nginxConfig is what Nginx of a load balancer reads: every file, the included ones too.
func (d *docker) nginxConfig(ctx context.Context, lb chaos.Target) (string, error) {
	h := d.hosts[lb]
	r, err := h.Exec(ctx, "sh", "-c", printConfig)
	if err != nil {
		return "", fmt.Errorf("read the configuration of %s: %w", lb, err)
	}
	if r.Code != 0 || !strings.Contains(r.Output, fileHead) {
		return "", fmt.Errorf("read the configuration of %s: nginx -T ended with %d: %s", lb, r.Code, lastLine([]byte(r.Output)))
	}
	return r.Output, nil
}
