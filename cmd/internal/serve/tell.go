package serve

import (
	"os"
	"path/filepath"
	"strings"
)

// tell says where everything is.
func (s *stand) tell(shown seed) {
	openID := someOpenID
	if list := shown.followers(); len(list) > 0 {
		openID = list[0]
	}
	platform := "http://" + reach(s.At.Platform)
	s.Say("ready; Ctrl-C ends it and leaves nothing")
	for _, line := range [][2]string{
		{"phone", platform + "/phone/" + s.account.Name + "/" + openID},
		{"write", strings.Join(shown.texts(), "  ")},
		{"server", "http://" + reach(s.At.Server) + "  (/readyz, /metrics, /wechat/" + s.account.Name + ")"},
		{"platform", platform + "  control http://" + reach(s.At.PlatformControl)},
		{"carrier", "http://" + reach(s.At.Carrier) + "/carrier?wsdl  control http://" + reach(s.At.CarrierControl)},
		{"seed file", s.Seed + "  (loaded again when it changes)"},
		{"logs", s.logs()},
	} {
		if line[1] != "" {
			s.Say("  " + line[0] + strings.Repeat(" ", 11-len(line[0])) + line[1])
		}
	}
}

// serverLog is the file of the server's log.
func (s *stand) serverLog() string { return filepath.Join(s.logs(), "oaserver.log") }

// logLines is how many lines of a log are said when its program has ended: the folder goes.
const logLines = 10

// sayLog says the end of the server's log.
func (s *stand) sayLog() {
	content, err := os.ReadFile(s.serverLog())
	if err != nil {
		return // there is none
	}
	lines := strings.Split(strings.TrimSpace(string(content)), "\n")
	s.Say("the end of the server's log:")
	for _, line := range lines[max(0, len(lines)-logLines):] {
		s.Say("  " + line)
	}
}
