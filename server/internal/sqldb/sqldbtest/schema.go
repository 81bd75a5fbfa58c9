package sqldbtest

import (
	"io/fs"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var (
	createTable = regexp.MustCompile(`^CREATE TABLE (?:IF NOT EXISTS )?(\w+)`)
	column      = regexp.MustCompile(`^    ([a-z_]+)\s+[A-Z]`)
	constraint  = regexp.MustCompile(`^(    PRIMARY KEY .*|DROP .*)$`)
	// Indexes stand behind the table on SQLite, in it on MySQL.
	index   = regexp.MustCompile(`^CREATE (UNIQUE )?INDEX (\w+) ON \w+ (\(.*\));$`)
	inTable = regexp.MustCompile(`^    (UNIQUE )?INDEX (\w+) (\(.*\)),?$`)
)

// SchemasMatch fails the test where the migrations of the engines, folders sqlite and mysql
// of files, make other tables, columns or indexes. There are at least so many of these.
func SchemasMatch(t *testing.T, files fs.FS, atLeast int) {
	t.Helper()
	lite, my := shape(t, files, "sqlite"), shape(t, files, "mysql")
	if diff := cmp.Diff(lite, my); diff != "" {
		t.Errorf("SQLite and MySQL differ:\n%s", diff)
	}
	if len(lite) < atLeast {
		t.Errorf("only %d lines were compared", len(lite))
	}
}

func shape(t *testing.T, all fs.FS, engine string) []string {
	t.Helper()
	var lines []string
	files, err := fs.Glob(all, engine+"/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		raw, err := fs.ReadFile(all, f)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(raw)) {
			line = strings.TrimRight(line, "\n")
			if strings.HasSuffix(line, "; -- rebuild") { // of a table that has the same shape before and after
				continue
			}
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
			if engine == "mysql" && strings.HasPrefix(line, ")") && !strings.Contains(line, "CHARSET=utf8mb4 COLLATE=utf8mb4_0900_bin") {
				t.Errorf("%s: a table without utf8mb4_0900_bin, which alone tells texts apart by every byte: %s", f, line)
			}
		}
	}
	return lines
}
