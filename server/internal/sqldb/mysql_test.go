package sqldb

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
)

func TestMySQLSettings(t *testing.T) {
	c, err := mysqlSettings(groupCore, "user:pass@tcp(db:3306)/core?readTimeout=7s&clientFoundRows=true&innodb_lock_wait_timeout=3")
	if err != nil {
		t.Fatal(err)
	}
	if c.Collation != "utf8mb4_bin" || !c.InterpolateParams || c.ClientFoundRows || !c.CheckConnLiveness || !c.RejectReadOnly {
		t.Errorf("completed to %+v", c)
	}
	if c.Timeout != dialTimeout || c.ReadTimeout.Seconds() != 7 || c.WriteTimeout != ioTimeout || c.Params["innodb_lock_wait_timeout"] != "3" {
		t.Errorf("times %s, %s, %s, %s", c.Timeout, c.ReadTimeout, c.WriteTimeout, c.Params["innodb_lock_wait_timeout"])
	}
	if _, silent := c.Logger.(*mysql.NopLogger); !silent {
		t.Errorf("the driver logs by itself: %T", c.Logger)
	}
	for _, bad := range []string{"", "user:hunter2@nowhere", "user:hunter2@tcp(db:3306)/"} {
		if _, err := mysqlSettings(groupCore, bad); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: error %v, want one without the password", bad, err)
		}
	}
}

func TestWhatIsTriedAgain(t *testing.T) {
	for _, tt := range []struct {
		err            error
		inTheWay, lost bool
	}{
		{&mysql.MySQLError{Number: 1213}, true, false},
		{&mysql.MySQLError{Number: 1205}, true, false},
		{&mysql.MySQLError{Number: 1062}, false, false},
		{mysql.ErrInvalidConn, false, true},
		{ErrOutcomeUnknown, false, false},
		{commitError(t.Context(), mysql.ErrInvalidConn), false, false},
		{errors.New("other"), false, false},
		{nil, false, false},
	} {
		err := tt.err
		if err != nil {
			err = fmt.Errorf("wrapped: %w", err)
		}
		if inTheWay(err) != tt.inTheWay || connectionLost(err) != tt.lost {
			t.Errorf("%v: in the way %t, lost %t", err, inTheWay(err), connectionLost(err))
		}
	}
	if err := commitError(t.Context(), mysql.ErrInvalidConn); !errors.Is(err, ErrOutcomeUnknown) {
		t.Errorf("a connection lost during COMMIT: %v", err)
	}
	if err := commitError(t.Context(), &mysql.MySQLError{Number: 1213}); errors.Is(err, ErrOutcomeUnknown) {
		t.Errorf("the server refused the COMMIT: %v", err)
	}
}
