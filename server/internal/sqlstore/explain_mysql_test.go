package sqlstore

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
)

// explainRows is how many rows the tables have when MySQL is asked: enough that
// walking them costs more than an index.
const explainRows = 5000

// fill stands for the value of a column in the n-th row: names count up, so that
// they tell the rows apart, but for the columns named here, which have the values
// that a table in use has.
func fill(table, column, kind string) string {
	if table == "access_token" && column == "account" { // the key
		return "CONCAT('a', n)"
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

// fillTables fills every table but those that have one row, and lets the server count.
func fillTables(t *testing.T, db *sqlx.DB) {
	t.Helper()
	var columns []struct {
		Table  string `db:"t"`
		Column string `db:"c"`
		Kind   string `db:"k"`
	}
	err := db.SelectContext(t.Context(), &columns, "SELECT table_name AS t, column_name AS c, data_type AS k FROM information_schema.columns "+
		"WHERE table_schema = DATABASE() AND table_name NOT LIKE 'goose%' AND table_name <> 'data_change' ORDER BY table_name, ordinal_position")
	if err != nil {
		t.Fatal(err)
	}
	names, values := map[string][]string{}, map[string][]string{}
	for _, c := range columns {
		names[c.Table] = append(names[c.Table], c.Column)
		values[c.Table] = append(values[c.Table], fill(c.Table, c.Column, c.Kind))
	}
	if len(names) < 8 {
		t.Fatalf("only %d tables to fill", len(names))
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

// mysqlPlan is a line of EXPLAIN.
type mysqlPlan struct {
	Table, Type, Key, Extra string
	Rows                    int64
}

func (p mysqlPlan) String() string {
	return fmt.Sprintf("%s: %s by key %q, %d rows, %s", p.Table, p.Type, p.Key, p.Rows, p.Extra)
}

// bad says what is wrong with the plan of a statement. One without a condition
// wants every row, and so does a count of all; even it must not sort.
func (p mysqlPlan) bad(query string) bool {
	walks := p.Type == "ALL" || p.Type == "index"
	wanted := !strings.Contains(query, "WHERE") || strings.Contains(query, "COUNT(*) FROM "+p.Table+")")
	return walks && !wanted || strings.Contains(p.Extra, "filesort") || strings.Contains(p.Extra, "temporary")
}

// mysqlPlans asks MySQL how it would run a statement. The arguments are texts,
// which compare with numbers and texts alike; only LIMIT wants a number.
func mysqlPlans(t *testing.T, db *sqlx.DB, query string) []mysqlPlan {
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
	var plans []mysqlPlan
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
		p := mysqlPlan{Table: text("table"), Type: text("type"), Key: text("key"), Extra: text("Extra")}
		_, _ = fmt.Sscan(text("rows"), &p.Rows)
		plans = append(plans, p)
	}
	if err := rows.Err(); err != nil {
		t.Error(err)
	}
	return plans
}

// TestEveryMySQLQueryUsesAnIndex asks MySQL how it would run each statement on
// tables that are worth an index.
func TestEveryMySQLQueryUsesAnIndex(t *testing.T) {
	t.Parallel()
	dsn := OwnMySQL(t)
	db := openOwn(t, dsn)
	logs, err := OpenLog(t.Context(), Config{Driver: MySQL, LogDSN: dsn})
	if err != nil {
		t.Fatal(err)
	}
	defer logs.Close()
	january := time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)
	for month := range 7 {
		if err := logs.Maintain(t.Context(), january.AddDate(0, month, 0), january); err != nil {
			t.Fatal(err)
		}
	}
	fillTables(t, db.write)
	for _, query := range append(statements(db.dialect), selectByOpenID, selectByType) {
		plans := mysqlPlans(t, db.read, query)
		if len(plans) == 0 {
			t.Errorf("%s: no plan", query)
		}
		for _, p := range plans {
			t.Logf("%s\n\t%s", query, p)
			if p.bad(query) {
				t.Errorf("%s\n\truns as %s", query, p)
			}
		}
	}
	// A backlog of one queue must not be walked for the rows of another one.
	for _, p := range mysqlPlans(t, db.read, selectJobs) {
		if p.Key != "outbox_queue" {
			t.Errorf("%s\n\truns as %s", selectJobs, p)
		}
	}
	// The test sees what it looks for.
	for _, query := range []string{
		"SELECT serial FROM orders WHERE reason = ?",
		"SELECT serial FROM orders WHERE account = ? ORDER BY reason",
		"UPDATE orders SET told = ? WHERE phone = ?",
		"DELETE FROM outbox WHERE payload = ?",
	} {
		found := false
		for _, p := range mysqlPlans(t, db.read, query) {
			found = found || p.bad(query)
		}
		if !found {
			t.Errorf("%s counts as good", query)
		}
	}
}
