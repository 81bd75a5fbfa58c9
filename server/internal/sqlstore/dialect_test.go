package sqlstore

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/google/go-cmp/cmp"
)

func TestStatementForms(t *testing.T) {
	key, replaced, columns := []string{"a", "k"}, []string{"v", "w"}, []string{"a", "k", "v", "w"}
	tests := []struct{ name, got, want string }{
		{"insert", mysqlDialect.insert("t", "a", "b"), "INSERT INTO t (a, b) VALUES (?, ?)"},
		{"insert one column", sqliteDialect.insert("t", "a"), "INSERT INTO t (a) VALUES (?)"},
		{"new on SQLite", sqliteDialect.insertNew("t", "a", "a", "b"), "INSERT INTO t (a, b) VALUES (?, ?) ON CONFLICT DO NOTHING"},
		{"new on MySQL", mysqlDialect.insertNew("t", "a", "a", "b"), "INSERT INTO t (a, b) VALUES (?, ?) ON DUPLICATE KEY UPDATE a = t.a"},
		{
			"upsert on SQLite", sqliteDialect.upsert("t", key, replaced, columns),
			"INSERT INTO t (a, k, v, w) VALUES (?, ?, ?, ?) ON CONFLICT (a, k) DO UPDATE SET v = excluded.v, w = excluded.w",
		},
		{
			"upsert on MySQL", mysqlDialect.upsert("t", key, replaced, columns),
			"INSERT INTO t (a, k, v, w) VALUES (?, ?, ?, ?) AS fresh ON DUPLICATE KEY UPDATE v = fresh.v, w = fresh.w",
		},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, tt.got); diff != "" {
			t.Errorf("%s:\n%s", tt.name, diff)
		}
	}
}

// TestEnginesShareStatements: but for the clock, what runs on MySQL is what was
// tested on SQLite.
func TestEnginesShareStatements(t *testing.T) {
	lite, my := statements(sqliteDialect), statements(mysqlDialect)
	for i := range lite {
		if got := strings.ReplaceAll(my[i], mysqlDialect.now, sqliteDialect.now); got != lite[i] {
			t.Errorf("MySQL runs %s\nSQLite runs %s", got, lite[i])
		}
	}
}

// TestSchemasMatch: both engines have the same tables, columns and indexes.
func TestSchemasMatch(t *testing.T) {
	lite, my := shape(t, SQLite), shape(t, MySQL)
	if diff := cmp.Diff(lite, my); diff != "" {
		t.Errorf("SQLite and MySQL differ:\n%s", diff)
	}
	if len(lite) < 60 {
		t.Errorf("only %d lines were compared", len(lite))
	}
}

var (
	createTable = regexp.MustCompile(`^CREATE TABLE (\w+)`)
	column      = regexp.MustCompile(`^    ([a-z_]+)\s+[A-Z]`)
	constraint  = regexp.MustCompile(`^(    PRIMARY KEY .*|CREATE (UNIQUE )?INDEX .*|DROP .*)$`)
)

func shape(t *testing.T, engine string) []string {
	t.Helper()
	var lines []string
	files, err := fs.Glob(migrations, "migration/"+engine+"/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		raw, err := fs.ReadFile(migrations, f)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(raw)) {
			line = strings.TrimRight(line, "\n")
			for _, re := range []*regexp.Regexp{createTable, column} {
				if m := re.FindStringSubmatch(line); m != nil {
					lines = append(lines, m[1])
				}
			}
			if constraint.MatchString(line) {
				lines = append(lines, line)
			}
			if engine == MySQL && strings.HasPrefix(line, ")") && !strings.Contains(line, "CHARSET=utf8mb4 COLLATE=utf8mb4_bin") {
				t.Errorf("%s: a table without utf8mb4: %s", f, line)
			}
		}
	}
	return lines
}

func TestMySQLDSN(t *testing.T) {
	got, err := mysqlDSN("user:pass@tcp(db:3306)/core")
	if err != nil {
		t.Fatal(err)
	}
	c, err := mysql.ParseDSN(got)
	if err != nil {
		t.Fatal(err)
	}
	if c.Collation != "utf8mb4_bin" || !c.InterpolateParams || c.ClientFoundRows || c.Timeout == 0 || c.ReadTimeout == 0 {
		t.Errorf("completed to %+v", c)
	}
	for _, bad := range []string{"", "user:hunter2@nowhere", "user:hunter2@tcp(db:3306)/"} {
		if _, err := mysqlDSN(bad); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: error %v, want one without the password", bad, err)
		}
	}
}

func TestTransient(t *testing.T) {
	for number, want := range map[uint16]bool{1213: true, 1205: true, 1062: false} {
		if got := transient(fmt.Errorf("wrapped: %w", &mysql.MySQLError{Number: number})); got != want {
			t.Errorf("error %d is transient: %t, want %t", number, got, want)
		}
	}
	if transient(errors.New("other")) {
		t.Error("an error of no engine is transient")
	}
}
