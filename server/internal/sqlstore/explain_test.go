package sqlstore

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

	"oalab/server/internal/job"
)

// statements returns every statement that reads or changes rows by a condition,
// as the code builds it.
func statements(d dialect) []string {
	db := &DB{pool: pool{dialect: d}}
	in := func(query string) string {
		q, _, err := sqlx.In(query, "x", []string{"a", "b"}, "y", "z")
		if err != nil {
			panic(err)
		}
		return q
	}
	touch, _, err := sqlx.In(db.touchOrders(), []string{"a", "b"})
	if err != nil {
		panic(err)
	}
	remove, _, err := sqlx.In(deleteJobs, []int64{1, 2})
	if err != nil {
		panic(err)
	}
	waiting, _ := waitingQueues(job.Queues())
	return []string{
		selectPhone, selectBindings, selectGenerations, updateGeneration, selectReply, selectReplies(3), selectOrder, db.claimOrder(), db.resendOrder(), releaseOrder, db.finishOrder(), in(markTold),
		db.staleOrders(), touch, selectBacklog, waiting, selectJobs, deleteJob, remove,
		selectBusiness, selectCommands, selectKeywords, selectContents, deleteContents, deleteCommands,
		db.selectToken(), db.leaseToken(), db.commitToken(), releaseToken,
	}
}

// logStatements are those of the group log.
func logStatements() []string {
	return []string{selectByOpenID, selectByType, selectDeleteUpTo, deleteUpTo}
}

// TestEveryQueryUsesAnIndex asks SQLite how it would run each statement.
func TestEveryQueryUsesAnIndex(t *testing.T) {
	db, err := Open(t.Context(), Config{CoreDSN: filepath.Join(t.TempDir(), "core.db")})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	logs, err := OpenLog(t.Context(), Config{LogDSN: filepath.Join(t.TempDir(), "log.db")})
	if err != nil {
		t.Fatal(err)
	}
	defer logs.Close()
	if err := logs.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, query := range statements(db.dialect) {
		explain(t, &db.pool, query)
	}
	for _, query := range logStatements() {
		explain(t, &logs.pool, query)
	}
}

// explain fails the test for a statement that walks a table or sorts.
func explain(t *testing.T, db *pool, query string) {
	t.Helper()
	args := make([]any, strings.Count(query, "?"))
	for i := range args {
		args[i] = 1
	}
	rows, err := db.read.QueryxContext(t.Context(), "EXPLAIN QUERY PLAN "+query, args...)
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

// TestNoStatementIsForgotten finds the statements in the source: each must begin
// one of those that are explained.
func TestNoStatementIsForgotten(t *testing.T) {
	known := append(statements(sqliteDialect), logStatements()...)
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
	if found < 15 {
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
