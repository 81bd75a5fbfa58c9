package server

import "testing"

// TestCoreTables: opening the group core makes the tables of all owners, for each set of roles.
// Opening it again changes nothing. Each owner has a table of versions of its own.
func TestCoreTables(t *testing.T) {
	t.Parallel()
	cfg := Default()
	cfg.DataDir = t.TempDir()
	versions := map[string]int{}
	for opening := range 2 {
		db, err := openStore(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		for _, owner := range coreTables() {
			var n int
			if err := db.Read.GetContext(t.Context(), &n, "SELECT COUNT(*) FROM "+owner.Table); err != nil || n == 0 {
				t.Errorf("%s has %d versions, %v", owner.Table, n, err)
			}
			if opening > 0 && n != versions[owner.Table] {
				t.Errorf("%s has %d versions after another opening, %d before", owner.Table, n, versions[owner.Table])
			}
			versions[owner.Table] = n
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
	if len(versions) != len(coreTables()) {
		t.Errorf("%d tables of versions for %d owners", len(versions), len(coreTables()))
	}
}
