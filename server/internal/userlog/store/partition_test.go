package userlogstore

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"oalab/server/internal/sqldb/sqldbtest"
)

func TestPlanMonths(t *testing.T) {
	day := func(s string) time.Time {
		d, err := time.Parse(time.DateOnly, s)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	upTo := func(name, bound string) month { return month{"m" + name, fmt.Sprint(day(bound).Unix())} }
	later := month{partitionLater, "MAXVALUE"}
	cut := func(s ...string) string {
		out := "ALTER TABLE user_log REORGANIZE PARTITION later INTO ("
		for i := 0; i < len(s); i += 2 {
			out += fmt.Sprintf("PARTITION m%s VALUES LESS THAN (%d), ", s[i], day(s[i+1]).Unix())
		}
		return out + "PARTITION later VALUES LESS THAN MAXVALUE)"
	}
	october := []month{upTo("202610", "2026-11-01"), upTo("202611", "2026-12-01"), upTo("202612", "2027-01-01"), upTo("202701", "2027-02-01"), later}
	for _, tt := range []struct {
		name        string
		there       []month
		now, oldest string
		want        []string
	}{
		{
			"a new table",
			[]month{later},
			"2026-10-31", "2026-08-01",
			[]string{cut("202608", "2026-09-01", "202609", "2026-10-01", "202610", "2026-11-01", "202611", "2026-12-01", "202612", "2027-01-01", "202701", "2027-02-01")},
		},
		{"the same month", october, "2026-10-01", "2026-04-01", nil},
		{"the next month", october, "2026-11-01", "2026-05-01", []string{cut("202702", "2027-03-01")}},
		{
			"the first goes", october, "2027-05-01", "2026-11-01",
			[]string{
				cut("202702", "2027-03-01", "202703", "2027-04-01", "202704", "2027-05-01", "202705", "2027-06-01",
					"202706", "2027-07-01", "202707", "2027-08-01", "202708", "2027-09-01"),
				"ALTER TABLE user_log DROP PARTITION m202610",
			},
		},
		{"a clock that went back", october, "2026-08-01", "2026-02-01", nil},
	} {
		got, err := planMonths(tt.there, day(tt.now), day(tt.oldest))
		if diff := cmp.Diff(tt.want, got); err != nil || diff != "" {
			t.Errorf("%s (err %v):\n%s", tt.name, err, diff)
		}
	}
	// In Shanghai a month begins 8 hours before it does in UTC, where older servers cut.
	shanghai := time.FixedZone("Shanghai", 8*3600)
	west := time.FixedZone("west", -11*3600)
	at := func(zone *time.Location, y, m, d int) time.Time {
		return time.Date(y, time.Month(m), d, 0, 0, 0, 0, zone)
	}
	for _, tt := range []struct {
		name        string
		there       []month
		now, oldest time.Time
		want        []string
	}{
		{
			"a new table in Shanghai",
			[]month{later},
			time.Date(2026, 10, 31, 16, 30, 0, 0, time.UTC).In(shanghai), at(shanghai, 2026, 11, 1),
			[]string{fmt.Sprintf("ALTER TABLE user_log REORGANIZE PARTITION later INTO (PARTITION m202611 VALUES LESS THAN (%d), "+
				"PARTITION m202612 VALUES LESS THAN (%d), PARTITION m202701 VALUES LESS THAN (%d), PARTITION m202702 VALUES LESS THAN (%d), "+
				"PARTITION later VALUES LESS THAN MAXVALUE)",
				at(shanghai, 2026, 12, 1).Unix(), at(shanghai, 2027, 1, 1).Unix(), at(shanghai, 2027, 2, 1).Unix(), at(shanghai, 2027, 3, 1).Unix())},
		},
		{
			"months cut in UTC keep their bounds", october, at(shanghai, 2026, 11, 1), at(shanghai, 2026, 5, 1),
			[]string{fmt.Sprintf("ALTER TABLE user_log REORGANIZE PARTITION later INTO (PARTITION m202702 VALUES LESS THAN (%d), "+
				"PARTITION later VALUES LESS THAN MAXVALUE)", at(shanghai, 2027, 3, 1).Unix())},
		},
		{
			"the first hours of the oldest month stay with the one before", october, at(shanghai, 2026, 12, 1), at(shanghai, 2026, 11, 1),
			[]string{fmt.Sprintf("ALTER TABLE user_log REORGANIZE PARTITION later INTO (PARTITION m202702 VALUES LESS THAN (%d), "+
				"PARTITION m202703 VALUES LESS THAN (%d), PARTITION later VALUES LESS THAN MAXVALUE)",
				at(shanghai, 2027, 3, 1).Unix(), at(shanghai, 2027, 4, 1).Unix())},
		},
		{
			"a zone west of where they were cut", october, at(west, 2026, 11, 1), at(west, 2026, 5, 1),
			[]string{fmt.Sprintf("ALTER TABLE user_log REORGANIZE PARTITION later INTO (PARTITION m202702 VALUES LESS THAN (%d), "+
				"PARTITION later VALUES LESS THAN MAXVALUE)", at(west, 2027, 3, 1).Unix())},
		},
	} {
		got, err := planMonths(tt.there, tt.now, tt.oldest)
		if diff := cmp.Diff(tt.want, got); err != nil || diff != "" {
			t.Errorf("%s (err %v):\n%s", tt.name, err, diff)
		}
	}
	for name, there := range map[string][]month{
		"no partitions": nil, "another end": {upTo("202610", "2026-11-01")}, "another kind": {{"m1", "'a'"}, later},
	} {
		if changes, err := planMonths(there, day("2026-10-01"), day("2026-04-01")); err == nil {
			t.Errorf("%s: planned %v", name, changes)
		}
	}
}

// TestMySQLMonthsOfTheDatabase: months are cut by the database's clock, not by a server's
// (LOG-1). The sessions of this one live in another year.
func TestMySQLMonthsOfTheDatabase(t *testing.T) {
	t.Parallel()
	cfg := sqldbtest.NewMySQL(t, os.Getenv)
	sep := "?"
	if strings.Contains(cfg.LogDSN, sep) {
		sep = "&"
	}
	may := time.Date(2019, time.May, 20, 0, 0, 0, 0, time.UTC)
	cfg.LogDSN += fmt.Sprintf("%stimestamp=%d", sep, may.Unix())
	db := sqldbtest.OpenLog(t, cfg)
	if err := New(db, nil).Maintain(t.Context(), 6); err != nil {
		t.Fatal(err)
	}
	var there []month
	if err := db.Read.SelectContext(t.Context(), &there, selectPartitions); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, m := range there {
		names = append(names, m.Name)
	}
	want := []string{"m201811", "m201812", "m201901", "m201902", "m201903", "m201904", "m201905", "m201906", "m201907", "m201908", partitionLater}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Error(diff)
	}
}
