package scaler

// The planted defects of the scaler. They are refused in product builds.
const (
	// DefectFlaps takes hold time and margin away: each sample decides anew.
	DefectFlaps = "scaler-flaps"
	// DefectBackupShrinks sizes by this load balancer's own rate, as if there were no
	// other: a backup's pool is that of an idle one.
	DefectBackupShrinks = "backup-shrinks"
)

// AllDefects returns the names of all planted defects.
func AllDefects() []string { return []string{DefectFlaps, DefectBackupShrinks} }
