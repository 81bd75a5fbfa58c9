package sqldb

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestStatementForms(t *testing.T) {
	key, replaced, columns := []string{"a", "k"}, []string{"v", "w"}, []string{"a", "k", "v", "w"}
	tests := []struct{ name, got, want string }{
		{"insert", mysqlDialect.Insert("t", "a", "b"), "INSERT INTO t (a, b) VALUES (?, ?)"},
		{"insert one column", sqliteDialect.Insert("t", "a"), "INSERT INTO t (a) VALUES (?)"},
		{"new on SQLite", sqliteDialect.InsertNew("t", "a", "a", "b"), "INSERT INTO t (a, b) VALUES (?, ?) ON CONFLICT DO NOTHING"},
		{"new on MySQL", mysqlDialect.InsertNew("t", "a", "a", "b"), "INSERT INTO t (a, b) VALUES (?, ?) ON DUPLICATE KEY UPDATE a = t.a"},
		{
			"upsert on SQLite", sqliteDialect.Upsert("t", key, replaced, columns),
			"INSERT INTO t (a, k, v, w) VALUES (?, ?, ?, ?) ON CONFLICT (a, k) DO UPDATE SET v = excluded.v, w = excluded.w",
		},
		{
			"upsert on MySQL", mysqlDialect.Upsert("t", key, replaced, columns),
			"INSERT INTO t (a, k, v, w) VALUES (?, ?, ?, ?) AS fresh ON DUPLICATE KEY UPDATE v = fresh.v, w = fresh.w",
		},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, tt.got); diff != "" {
			t.Errorf("%s:\n%s", tt.name, diff)
		}
	}
}
