package sqldbtest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"
)

// explainRows is how many rows the tables have when MySQL is asked: enough that
// walking them costs more than an index.
const explainRows = 5000

// accountIsKey are the tables with one row for an account.
var accountIsKey = []string{"access_token", "account_setting", "follower_run", "menu"}

// fill stands for the value of a column in the n-th row: names count up, so that
// they tell the rows apart, but for the columns named here, which have the values
// that a table in use has.
func fill(table, column, kind string) string {
	switch {
	case column == "account" && slices.Contains(accountIsKey, table):
		return "CONCAT('a', n)"
	case table == "packet" && column == "account":
		return "'a1'"
	case table == "packet" && column == "sender":
		return "CONCAT('o', n)"
	case table == "packet" && column == "taker":
		return "''"
	}
	switch column {
	case "sent_at": // seven months
		return "1767225600 + n * 3600"
	case "msg_type":
		return "IF(n % 5 = 0, 'event', 'text')"
	case "openid":
		if table == "user_log" {
			return "CONCAT('o', n % 100)"
		}
	case "account":
		return "CONCAT('a', n % 4)"
	case "queue":
		return "CONCAT('q', n % 3)"
	case "state":
		return "IF(n % 50 = 0, 'sent', 'done')"
	case "settled": // nearly all orders have come to their end
		return "IF(n % 50 = 0, 0, 1)"
	case "match_how":
		return "'equal'"
	case "position":
		return "0"
	case "ends_at": // later than any test
		return "4000000000000 + n"
	case "ended_at": // a packet in a hundred is open
		return "IF(n % 100 = 0, 0, n)"
	case "progress_at", "created_at", "lease_until":
		return "1700000000000 + n * 1000"
	}
	if kind == "tinyint" {
		return "n % 2"
	}
	if strings.Contains(kind, "int") {
		return "n"
	}
	return "CAST(n AS CHAR)"
}

// Fill fills every table but those that have one row, and lets the server count.
func Fill(t *testing.T, db *sqlx.DB) {
	t.Helper()
	var columns []struct {
		Table  string `db:"t"`
		Column string `db:"c"`
		Kind   string `db:"k"`
	}
	err := db.SelectContext(t.Context(), &columns, "SELECT table_name AS t, column_name AS c, data_type AS k FROM information_schema.columns "+
		"WHERE table_schema = DATABASE() AND table_name NOT LIKE 'goose%' AND table_name <> 'data_change' "+
		"AND table_name IN (SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE') ORDER BY table_name, ordinal_position")
	if err != nil {
		t.Fatal(err)
	}
	names, values := map[string][]string{}, map[string][]string{}
	for _, c := range columns {
		names[c.Table] = append(names[c.Table], c.Column)
		values[c.Table] = append(values[c.Table], fill(c.Table, c.Column, c.Kind))
	}
	if len(names) == 0 {
		t.Fatal("there is no table to fill")
	}
	for table := range names {
		for _, statement := range []string{
			fmt.Sprintf("INSERT INTO %s (%s) WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < %d) SELECT %s FROM r",
				table, strings.Join(names[table], ", "), explainRows, strings.Join(values[table], ", ")),
			"ANALYZE TABLE " + table,
		} {
			// One connection: the depth of recursion belongs to the session.
			if err := onOne(t, db, fmt.Sprintf("SET cte_max_recursion_depth = %d", explainRows+1), statement); err != nil {
				t.Fatalf("%s: %v", statement, err)
			}
		}
	}
}

func onOne(t *testing.T, db *sqlx.DB, statements ...string) error {
	t.Helper()
	conn, err := db.Connx(t.Context())
	if err != nil {
		return err
	}
	defer conn.Close()
	for _, s := range statements {
		if _, err := conn.ExecContext(t.Context(), s); err != nil {
			return err
		}
	}
	return nil
}

// Plan is a line of EXPLAIN of MySQL.
type Plan struct {
	Table, Type, Key, Extra string
	Rows                    int64
}

// String is the line in short.
func (p Plan) String() string {
	return fmt.Sprintf("%s: %s by key %q, %d rows, %s", p.Table, p.Type, p.Key, p.Rows, p.Extra)
}

// Bad reports whether a statement should not run so. One without a condition
// wants every row, and so does a count of all; even it must not sort.
func (p Plan) Bad(query string) bool {
	walks := p.Type == "ALL" || p.Type == "index"
	wanted := !strings.Contains(query, "WHERE") || strings.Contains(query, "COUNT(*) FROM "+p.Table+")")
	return walks && !wanted || strings.Contains(p.Extra, "filesort") || strings.Contains(p.Extra, "temporary")
}

// MySQLPlans asks MySQL how it would run a statement. The arguments are texts,
// which compare with numbers and texts alike; only LIMIT wants a number.
func MySQLPlans(t *testing.T, db *sqlx.DB, query string) []Plan {
	t.Helper()
	parts := strings.Split(query, "?")
	args := make([]any, len(parts)-1)
	for i := range args {
		args[i] = "7"
		switch before := strings.TrimSpace(parts[i]); {
		case strings.HasSuffix(before, "LIMIT"):
			args[i] = 100
		case strings.HasSuffix(before, "sent_at >="):
			args[i] = 1769900000
		case strings.HasSuffix(before, "sent_at <"):
			args[i] = 1775000000
		case strings.HasSuffix(before, "changed_at >"): // the last ten rows
			args[i] = explainRows - 10
		case strings.HasSuffix(before, "msg_type ="):
			args[i] = "event"
		case strings.HasSuffix(before, "openid ="):
			args[i] = "o7"
		case strings.HasSuffix(before, "account ="):
			args[i] = "a1"
		case strings.HasSuffix(before, "queue ="):
			args[i] = "q1"
		}
	}
	rows, err := db.QueryxContext(t.Context(), "EXPLAIN FORMAT=TRADITIONAL "+query, args...)
	if err != nil {
		t.Errorf("%s: %v", query, err)
		return nil
	}
	defer rows.Close()
	var plans []Plan
	for rows.Next() {
		line := map[string]any{}
		if err := rows.MapScan(line); err != nil {
			t.Fatal(err)
		}
		text := func(column string) string {
			switch v := line[column].(type) {
			case nil:
				return ""
			case []byte:
				return string(v)
			default:
				return fmt.Sprint(v)
			}
		}
		if text("select_type") == "INSERT" { // the table that gets the rows; none of it is read
			continue
		}
		p := Plan{Table: text("table"), Type: text("type"), Key: text("key"), Extra: text("Extra")}
		_, _ = fmt.Sscan(text("rows"), &p.Rows)
		plans = append(plans, p)
	}
	if err := rows.Err(); err != nil {
		t.Error(err)
	}
	return plans
}

// ExplainMySQL fails the test for a statement that walks a table or sorts. The tables must be
// filled: MySQL walks an empty one.
func ExplainMySQL(t *testing.T, db *sqlx.DB, queries []string) {
	t.Helper()
	for _, query := range queries {
		plans := MySQLPlans(t, db, query)
		if len(plans) == 0 {
			t.Errorf("%s: no plan", query)
		}
		for _, p := range plans {
			t.Logf("%s\n\t%s", query, p)
			if p.Bad(query) {
				t.Errorf("%s\n\truns as %s", query, p)
			}
		}
	}
}
