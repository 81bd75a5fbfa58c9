//go:build defects

package scaler

import "oalab/server/internal/defect"

// The planted defects of the scaler.
const (
	// DefectFlaps takes hold time and margin away: each sample decides anew.
	DefectFlaps = "scaler-flaps"
	// DefectBackupShrinks sizes by this load balancer's own rate, as if there were no
	// partner.
	DefectBackupShrinks = "backup-shrinks"
	// DefectBlind asks no app server for its health: a band takes the first servers, dead or
	// not.
	DefectBlind = "scaler-blind"
)

// Defects are the planted defects of the scaler.
func (Settings) Defects() []string { return []string{DefectFlaps, DefectBackupShrinks, DefectBlind} }

// Plant returns the configuration with the defects of the scaler that are planted.
func Plant(planted defect.Set, cfg Config) Config {
	if planted.Has(DefectFlaps) {
		cfg.Hold, cfg.Margin = 0, 0
	}
	if planted.Has(DefectBackupShrinks) {
		cfg.Partner = nil
	}
	if planted.Has(DefectBlind) {
		cfg.Health = nil
	}
	return cfg
}
