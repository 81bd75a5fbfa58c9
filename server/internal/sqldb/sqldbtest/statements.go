package sqldbtest

import (
	"regexp"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"

	"oalab/server/internal/sqldb"
)

// Statements returns every statement of a store that reads or changes rows by a condition,
// as the store builds it for an engine.
type Statements func(d sqldb.Dialect) []string

// lock ends a statement that locks rows, which SQLite does without.
var lock = regexp.MustCompile(` FOR UPDATE( OF \w+)?( SKIP LOCKED)?$`)

// SameOnAllEngines fails the test where engines run different statements, the expression of
// the clock and locks of rows excepted: what runs on MySQL is then what was tested on SQLite.
func SameOnAllEngines(t *testing.T, of Statements) {
	t.Helper()
	first := sqldb.Dialects()[0]
	want := of(first)
	for _, d := range sqldb.Dialects()[1:] {
		for i, query := range of(d) {
			if got := lock.ReplaceAllString(strings.ReplaceAll(query, d.Now, first.Now), ""); got != want[i] {
				t.Errorf("%s runs %s\n%s runs %s", d.Engine, got, first.Engine, want[i])
			}
		}
	}
}

// In widens the lists of a statement as sqlx.In does, each to two values. It is for
// statements whose arguments are texts; lists says which of its arguments are lists.
func In(query string, lists ...bool) string {
	args := make([]any, len(lists))
	for i, list := range lists {
		if args[i] = "1"; list {
			args[i] = []string{"1", "2"}
		}
	}
	query, _, err := sqlx.In(query, args...)
	if err != nil {
		panic(err)
	}
	return query
}

// CountedForOrders fails the test where the meter takes a statement for one on the tables
// of orders and jobs that is none, or the other way round.
func CountedForOrders(t *testing.T, of Statements) {
	t.Helper()
	orders := regexp.MustCompile(`\b(orders|order_archive|outbox|dead_letter)\b`)
	for _, query := range of(sqldb.Dialects()[0]) {
		if want := orders.MatchString(query); sqldb.OfOrders(query) != want {
			t.Errorf("%s: counted for orders %t", query, !want)
		}
	}
}
