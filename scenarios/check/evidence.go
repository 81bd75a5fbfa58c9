package check

import (
	"fmt"
	"net/http"

	"oalab/scenarios/history"
)

// contradictions finds evidence that cannot be the whole truth, seal or no seal: a
// recorder that was cut off before the seal was made leaves files that contradict
// each other. On such evidence no checker may be asked. The answer is "" for evidence
// that holds together.
func contradictions(a *history.Arm) string {
	var wrong offences
	if n := a.Record.Load.Started; n > len(a.Operations) {
		wrong.add("%s has %d operations, %d were started", history.FileOperations, len(a.Operations), n)
	}
	if n := a.Record.Load.Scheduled; n > len(a.Plan) {
		wrong.add("%s has %d operations, %d were scheduled", history.FilePlan, len(a.Plan), n)
	}
	for _, d := range a.Deliveries {
		if !ours(a, d) {
			continue
		}
		if d.Seq >= uint64(len(a.Plan)) {
			wrong.add("%s has a try of seq %d, which was never planned", history.FileDeliveries, d.Seq)
		} else if p := a.Plan[d.Seq]; d.OpenID != p.OpenID {
			wrong.add("%s has a try of seq %d to openid %s, planned was %s", history.FileDeliveries, d.Seq, d.OpenID, p.OpenID)
		}
	}
	all := messages(a)
	for i := range all {
		if s := all[i].contradiction(); s != "" {
			wrong.add("%s", s)
		}
	}
	return wrong.String()
}

// contradiction is what does not fit between the operation and its tries, or "".
func (m *message) contradiction() string {
	if !m.pushed() {
		return ""
	}
	last := 0
	for _, d := range m.tries {
		if d.Try != last && d.Try != last+1 || d.Try == 0 {
			return fmt.Sprintf("%s has try %d of seq %d where try %d belongs", history.FileDeliveries, d.Try, m.plan.Seq, last+1)
		}
		last = d.Try
	}
	if m.run == nil || m.run.Status == 0 {
		return "" // the generator saw no end of it
	}
	_, ok := m.read()
	switch {
	case len(m.tries) == 0:
		return fmt.Sprintf("%s has no try of seq %d, which was answered", history.FileDeliveries, m.plan.Seq)
	case m.run.Status == http.StatusOK && !ok:
		return fmt.Sprintf("%s has no successful try of seq %d, which succeeded", history.FileDeliveries, m.plan.Seq)
	case m.run.Status != http.StatusOK && ok:
		return fmt.Sprintf("%s has a successful try of seq %d, which failed with status %d", history.FileDeliveries, m.plan.Seq, m.run.Status)
	}
	return ""
}
