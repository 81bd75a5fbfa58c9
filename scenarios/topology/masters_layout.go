package topology

import (
	"cmp"
	"strconv"
	"time"

	"oalab/scenarios/predict"
)

// Masters has the settings of two MySQL masters. Each is the home of one group of tables
// and holds its virtual IP. If a master fails, the other one serves both groups (DIS-3,
// STO-3).
type Masters struct {
	// Async lets a master acknowledge a commit before its partner has it.
	Async bool
	// AckTimeout is how long a commit waits for the partner; 0 means 10 s, which is longer than
	// the gate of a fenced master stays open without the partner (docker/mysql).
	AckTimeout time.Duration
	// VRRP has the intended settings of keepalived; the zero value means DefaultVRRP. Its
	// Check is not used: the guard (docker/mysql) reports the state of a master to
	// keepalived.
	VRRP predict.Settings
	// SameOffset lets both masters give out the same numbers (thesis 4.2.5).
	SameOffset bool
	// NoFence lets a master accept writes also while it is cut off from its partner and the
	// gateway.
	NoFence bool
}

// WithDefaults returns the settings with defaults in place of zero values.
func (m Masters) WithDefaults() Masters {
	m.AckTimeout = cmp.Or(m.AckTimeout, 10*time.Second)
	if m.VRRP == (predict.Settings{}) {
		m.VRRP = DefaultVRRP()
	}
	return m
}

// env is the environment of a master's image, as docker/mysql reads it, without the
// variables that differ between the two masters.
func (m Masters) env(quick bool) map[string]string {
	env := map[string]string{
		"INCREMENT": "2", "SEMI": "1", "SEMI_TIMEOUT": strconv.FormatInt(m.AckTimeout.Milliseconds(), 10),
		"ADVERT": strconv.FormatFloat(m.VRRP.AdvertS, 'g', -1, 64),
		"VRRPV":  strconv.Itoa(cmp.Or(m.VRRP.Version, 3)),
		"PRIO":   strconv.Itoa(m.VRRP.Master), "BACKUP": strconv.Itoa(m.VRRP.Backup),
		"FENCE": "on",
	}
	if m.Async {
		env["SEMI"] = "0"
	}
	if m.SameOffset {
		env["OFFSET"] = "1"
	}
	if m.NoFence {
		env["FENCE"] = "off"
	}
	if quick {
		env["DURABLE"] = "2" // a killed host loses its processes, not what the kernel has of them
	}
	return env
}
