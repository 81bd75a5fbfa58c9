package sqlstore

import "testing"

// OwnMySQL makes a MySQL database for one test; the tests outside the package
// have the flags and set it.
var OwnMySQL func(tb testing.TB) string
