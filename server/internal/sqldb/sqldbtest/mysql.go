// Package sqldbtest gives a test a MySQL database of its own, on a server that
// the environment names. It is for tests only.
package sqldbtest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
)

// The environment that the tests look at.
const (
	// EnvMySQL is a data source name of a MySQL server, whose account may make and
	// drop databases. A database in it is not used.
	EnvMySQL = "OALAB_TEST_MYSQL_DSN"
	// EnvRequire lists what a test may not be skipped for; a server in a container
	// is counted under docker.
	EnvRequire = "OALAB_REQUIRE"
)

// remedy is for those who see a test skipped.
const remedy = "Remedy: set " + EnvMySQL + " to a MySQL 8.4 or later, such as root:secret@tcp(127.0.0.1:3306)/; " +
	"the account must be allowed to make databases"

// dropTimeout bounds the making and the dropping of a database.
const dropTimeout = time.Minute

// MySQL makes a database that is dropped when the test ends, and returns its data
// source name. Without a server the test is skipped, or fails where
// OALAB_REQUIRE asks for it. getenv is os.Getenv, or stands in for it.
func MySQL(tb testing.TB, getenv func(string) string) string {
	tb.Helper()
	dsn := getenv(EnvMySQL)
	if dsn == "" {
		if slices.Contains(strings.Split(getenv(EnvRequire), ","), "docker") {
			tb.Fatal("no MySQL here, and " + EnvRequire + " names docker, so this may not be skipped. " + remedy)
		}
		tb.Skip("SKIPPED: no MySQL here. " + remedy)
	}
	c, err := mysql.ParseDSN(dsn)
	if err != nil {
		tb.Fatalf("%s is not a data source name: %v", EnvMySQL, err)
	}
	c.DBName = ""
	c.Logger = &mysql.NopLogger{}
	// Tests of many connections at once share the cores with a race detector: there the
	// product's own time-out of a dial, a quarter of a second, would end some.
	c.Timeout = 5 * time.Second
	admin := c.Clone()
	name := "oalab_test_" + strings.ToLower(rand.Text()[:16])
	run := func(statement string) {
		tb.Helper()
		ctx, cancel := context.WithTimeout(context.Background(), dropTimeout) // tb's own has ended in a clean-up
		defer cancel()
		connector, err := mysql.NewConnector(admin)
		if err != nil {
			tb.Fatalf("%s: %v", EnvMySQL, err)
		}
		db := sql.OpenDB(connector)
		defer db.Close()
		if _, err := db.ExecContext(ctx, statement); err != nil {
			tb.Fatalf("%s: %v. %s", statement, err, remedy)
		}
	}
	run("CREATE DATABASE " + name)
	tb.Cleanup(func() { run("DROP DATABASE " + name) })
	c.DBName = name
	return c.FormatDSN()
}
