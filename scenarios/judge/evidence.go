package judge

import (
	"fmt"
	"net/http"
	"strings"

	"oalab/scenarios/account"
	"oalab/scenarios/history"
)

// contradictions finds files of evidence that contradict each other. A recorder that was cut
// off before the seal was made leaves such files, and the seal cannot show it. On such evidence
// no checker may be asked. "": there are no contradictions.
func contradictions(a *history.Arm) string {
	var wrong contradicted
	if n := a.Record.Load.Started; n > len(a.Operations) {
		wrong.add("%s has %d operations, %d were started", history.FileOperations, len(a.Operations), n)
	}
	if n := a.Record.Load.Scheduled; n > len(a.Plan) {
		wrong.add("%s has %d operations, %d were scheduled", history.FilePlan, len(a.Plan), n)
	}
	for _, d := range a.Deliveries {
		if !account.Ours(a, d) {
			continue
		}
		if d.Seq >= uint64(len(a.Plan)) {
			wrong.add("%s has a try of seq %d, which was never planned", history.FileDeliveries, d.Seq)
		} else if p := a.Plan[d.Seq]; d.OpenID != p.OpenID {
			wrong.add("%s has a try of seq %d to openid %s, planned was %s", history.FileDeliveries, d.Seq, d.OpenID, p.OpenID)
		}
	}
	all := account.Messages(a)
	for i := range all {
		if s := contradiction(&all[i]); s != "" {
			wrong.add("%s", s)
		}
	}
	return wrong.String()
}

// contradiction is what does not fit between the operation and its tries, or "".
func contradiction(m *account.Message) string {
	if !m.Pushed() {
		return ""
	}
	last := 0
	for _, d := range m.Tries {
		if d.Try != last && d.Try != last+1 || d.Try == 0 {
			return fmt.Sprintf("%s has try %d of seq %d where try %d belongs", history.FileDeliveries, d.Try, m.Plan.Seq, last+1)
		}
		last = d.Try
	}
	if m.Op == nil || m.Op.Status == 0 {
		return "" // the generator saw no end of it
	}
	_, ok := m.Read()
	switch {
	case len(m.Tries) == 0:
		return fmt.Sprintf("%s has no try of seq %d, which was answered", history.FileDeliveries, m.Plan.Seq)
	case m.Op.Status == http.StatusOK && !ok:
		return fmt.Sprintf("%s has no successful try of seq %d, which succeeded", history.FileDeliveries, m.Plan.Seq)
	case m.Op.Status != http.StatusOK && ok:
		return fmt.Sprintf("%s has a successful try of seq %d, which failed with status %d", history.FileDeliveries, m.Plan.Seq, m.Op.Status)
	}
	return ""
}

// contradicted are the contradictions that were found.
type contradicted []string

func (c *contradicted) add(format string, args ...any) { *c = append(*c, fmt.Sprintf(format, args...)) }

// String names the first three: enough to start looking, one line long.
func (c contradicted) String() string {
	if len(c) <= 3 {
		return strings.Join(c, "; ")
	}
	return fmt.Sprintf("%s; and %d more", strings.Join(c[:3], "; "), len(c)-3)
}
