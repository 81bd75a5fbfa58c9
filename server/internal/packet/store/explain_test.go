package packetstore

import (
	"os"
	"strings"
	"testing"

	"oalab/server/internal/sqldb"
	"oalab/server/internal/sqldb/sqldbtest"
)

func TestSchemasMatch(t *testing.T) { sqldbtest.SchemasMatch(t, Migrations().Files, 30) }

func TestNoStatementIsForgotten(t *testing.T) {
	sqldbtest.NoneForgotten(t, Statements(sqldb.Dialects()[0]), 12)
}

func TestEnginesShareStatements(t *testing.T) { sqldbtest.SameOnAllEngines(t, Statements) }

func TestStatementsOfOrders(t *testing.T) { sqldbtest.CountedForOrders(t, Statements) }

// TestEveryQueryUsesAnIndex asks SQLite how it would run each statement.
func TestEveryQueryUsesAnIndex(t *testing.T) {
	s := open(t, sqldbtest.NewSQLite(t))
	sqldbtest.ExplainSQLite(t, s.Read, Statements(s.Dialect))
}

// TestEveryMySQLQueryUsesAnIndex asks MySQL how it would run each statement on
// tables that are worth an index. A grab must not walk over the shares that are taken.
func TestEveryMySQLQueryUsesAnIndex(t *testing.T) {
	t.Parallel()
	s := open(t, sqldbtest.NewMySQL(t, os.Getenv))
	sqldbtest.Fill(t, s.Read)
	sqldbtest.ExplainMySQL(t, s.Read, Statements(s.Dialect))
	for _, query := range []string{s.selectFree(), s.selectRest()} {
		seen := false
		for _, p := range sqldbtest.MySQLPlans(t, s.Read, query) {
			if p.Table != "s" {
				continue
			}
			seen = true
			if p.Key != "packet_share_once" || strings.Contains(p.Extra, "filesort") {
				t.Errorf("%s\n\truns as %s", query, p)
			}
		}
		if !seen {
			t.Errorf("%s: the plan does not name the shares", query)
		}
	}
}
