package sqldbtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"
)

// ExplainSQLite fails the test for a statement that walks a table or sorts.
func ExplainSQLite(t *testing.T, db *sqlx.DB, queries []string) {
	t.Helper()
	for _, query := range queries {
		explain(t, db, query)
	}
}

func explain(t *testing.T, db *sqlx.DB, query string) {
	t.Helper()
	args := make([]any, strings.Count(query, "?"))
	for i := range args {
		args[i] = 1
	}
	rows, err := db.QueryxContext(t.Context(), "EXPLAIN QUERY PLAN "+query, args...)
	if err != nil {
		t.Errorf("%s: %v", query, err)
		return
	}
	defer func() {
		if err := rows.Close(); err != nil {
			t.Error(err)
		}
	}()
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			t.Fatal(err)
		}
		// A statement without a condition wants every row; even it must not sort.
		scan := strings.HasPrefix(detail, "SCAN") && !strings.Contains(detail, "INDEX") && detail != "SCAN CONSTANT ROW" && strings.Contains(query, "WHERE")
		if scan || strings.Contains(detail, "TEMP B-TREE") {
			t.Errorf("%s\n\truns as: %s", query, detail)
		}
	}
	if err := rows.Err(); err != nil {
		t.Error(err)
	}
}

// NoneForgotten finds the statements in the source of the tested package, of which there are
// at least so many: each must begin one of those that are explained.
func NoneForgotten(t *testing.T, known []string, atLeast int) {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		src, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, src, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			lit, ok := n.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				return true
			}
			text, err := strconv.Unquote(lit.Value)
			if err != nil {
				t.Fatal(err)
			}
			for _, verb := range []string{"SELECT ", "UPDATE ", "DELETE "} {
				if !strings.HasPrefix(text, verb) || text == "SELECT 1" || strings.HasPrefix(text, "SELECT GET_LOCK") || strings.Contains(text, "information_schema") {
					continue
				}
				found++
				if !begins(text, known) {
					t.Errorf("%s: this statement is not explained: %s", name, text)
				}
			}
			return true
		})
	}
	if found < atLeast {
		t.Errorf("only %d statements found: the search does not see them", found)
	}
}

func begins(text string, statements []string) bool {
	text, _, _ = strings.Cut(text, "IN (?)") // sqlx.In widens these
	for _, s := range statements {
		if strings.HasPrefix(s, text) {
			return true
		}
	}
	return false
}
