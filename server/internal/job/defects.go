package job

import "slices"

// The planted defects of the order path: each breaks one promise, so that the
// checker of that promise can be seen to fail. They are refused in product builds.
const (
	// DefectAckBeforeCarrier acknowledges an order's job, and so deletes its
	// outbox row, before the carrier is called.
	DefectAckBeforeCarrier = "ack-before-carrier"
	// DefectNoSerial sends each attempt under a fresh serial, so that the carrier
	// cannot recognise a repeat and its order state says nothing.
	DefectNoSerial = "no-serial"
	// DefectNoOutbox publishes jobs in memory only.
	DefectNoOutbox = "no-outbox"
	// DefectNoDedup makes the key of a message new at each arrival.
	DefectNoDedup = "no-dedup"
	// DefectReplyNotCached keeps no reply of a query: each try asks the carrier anew.
	DefectReplyNotCached = "reply-not-cached"
)

// The planted defects of the token keeper.
const (
	// DefectDeadTokenKept uses a token beyond its life and does not hear that the
	// platform refuses it.
	DefectDeadTokenKept = "dead-token-kept"
	// DefectDoubleRefresh lets two refreshers look before they ask, as two servers
	// without the row's arbitration do, and asks by /cgi-bin/token.
	DefectDoubleRefresh = "double-refresh"
)

// DefectStaleCache makes a server believe its copies until it is told otherwise: a change
// whose broadcast was lost is never asked for.
const DefectStaleCache = "stale-cache"

// Defects is a set of planted defects; the zero value plants none.
type Defects []string

// AllDefects returns the names of all planted defects.
func AllDefects() []string {
	return []string{
		DefectAckBeforeCarrier, DefectNoSerial, DefectNoOutbox, DefectNoDedup, DefectReplyNotCached,
		DefectDeadTokenKept, DefectDoubleRefresh, DefectStaleCache,
	}
}

// Has reports whether the named defect is planted.
func (d Defects) Has(name string) bool { return slices.Contains(d, name) }

// SweeperOff reports whether a planted defect would be healed by the sweeper,
// which therefore stays off.
func (d Defects) SweeperOff() bool {
	return d.Has(DefectAckBeforeCarrier) || d.Has(DefectNoOutbox)
}
