package sqlstore

import (
	"io/fs"
	"regexp"
	"strings"
	"testing"

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
	var lite, my []string
	for _, group := range []string{groupCore, groupLog} {
		lite, my = append(lite, shape(t, group, SQLite)...), append(my, shape(t, group, MySQL)...)
	}
	if diff := cmp.Diff(lite, my); diff != "" {
		t.Errorf("SQLite and MySQL differ:\n%s", diff)
	}
	if len(lite) < 60 {
		t.Errorf("only %d lines were compared", len(lite))
	}
}

var (
	createTable = regexp.MustCompile(`^CREATE TABLE (?:IF NOT EXISTS )?(\w+)`)
	column      = regexp.MustCompile(`^    ([a-z_]+)\s+[A-Z]`)
	constraint  = regexp.MustCompile(`^(    PRIMARY KEY .*|DROP .*)$`)
	// Indexes stand behind the table on SQLite, in it on MySQL.
	index   = regexp.MustCompile(`^CREATE (UNIQUE )?INDEX (\w+) ON \w+ (\(.*\));$`)
	inTable = regexp.MustCompile(`^    (UNIQUE )?INDEX (\w+) (\(.*\)),?$`)
)

func shape(t *testing.T, group, engine string) []string {
	t.Helper()
	var lines []string
	folder, _ := migrationsOf(group, engine)
	files, err := fs.Glob(migrations, folder+"/*.sql")
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
			for _, re := range []*regexp.Regexp{index, inTable} {
				if m := re.FindStringSubmatch(line); m != nil {
					lines = append(lines, m[1]+m[2]+m[3])
				}
			}
			if constraint.MatchString(line) {
				lines = append(lines, strings.TrimSuffix(strings.Replace(line, "IF EXISTS ", "", 1), ","))
			}
			if engine == MySQL && strings.HasPrefix(line, ")") && !strings.Contains(line, "CHARSET=utf8mb4 COLLATE=utf8mb4_0900_bin") {
				t.Errorf("%s: a table without utf8mb4_0900_bin, which alone tells texts apart by every byte: %s", f, line)
			}
		}
	}
	return lines
}
