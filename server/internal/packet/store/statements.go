package packetstore

import "oalab/server/internal/sqldb"

// Statements returns every statement of the engine that reads or changes rows by a condition.
func Statements(d sqldb.Dialect) []string {
	s := New(&sqldb.DB{Dialect: d})
	return []string{
		takeUnits, selectBalance, selectBooks, selectSent, s.selectLook(), s.selectFree(), s.takeShare(), s.selectWhyNot(), selectTakenOf,
		s.selectDue(), s.endPacket(), selectSender, s.selectRest(), deleteFree, selectMovements, selectGrabs,
		selectRedemption, s.selectRedeeming(), s.endRedemption(), s.laterRedemption(),
	}
}
