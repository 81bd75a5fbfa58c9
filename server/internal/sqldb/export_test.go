package sqldb

// Statements returns every statement of the engine that reads or changes rows.
func Statements(d Dialect) []string {
	db := &DB{Dialect: d}
	return []string{selectGenerations, updateGeneration, db.selectNow()}
}
