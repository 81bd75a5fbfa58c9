package container

import (
	"maps"

	"github.com/moby/moby/client"
)

// The labels of everything that the lab makes. Only what carries the first is ever
// removed.
const (
	LabelRun   = "oalab"       // the id of the run
	LabelOwner = "oalab.owner" // the process that made it, see owner
	LabelKeep  = "oalab.keep"  // "true": it outlives its process
	LabelHost  = "oalab.host"  // the name of the host or the network
)

// labels are those of one container or network.
func (e *Engine) labels(name string, more map[string]string) map[string]string {
	l := map[string]string{}
	maps.Copy(l, more)
	l[LabelRun], l[LabelOwner], l[LabelHost] = e.run, e.owner.String(), name
	if e.keep {
		l[LabelKeep] = "true"
	}
	return l
}

// ours selects everything of the lab, or of one run.
func ours(run string) client.Filters {
	if run == "" {
		return make(client.Filters).Add("label", LabelRun)
	}
	return make(client.Filters).Add("label", LabelRun+"="+run)
}
