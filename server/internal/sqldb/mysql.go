package sqldb

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/jmoiron/sqlx"
)

// Times of a connection to MySQL where the data source name says nothing
// (timeout, readTimeout, writeTimeout). They are the outage that a failover costs:
// a host that is gone keeps a dial for dialTimeout, one that is frozen a statement
// for ioTimeout.
const (
	dialTimeout = 250 * time.Millisecond
	ioTimeout   = 2 * time.Second
	// lockTimeout, in whole seconds, is below ioTimeout: a wait for a lock ends
	// with the server's word, not with a broken connection.
	lockTimeout = 1
	// patientTimeout bounds one statement that changes tables, and patientConns how
	// many connections may do so: one holds the lock.
	patientTimeout = 5 * time.Minute
	patientConns   = 4
	// idleTimeout, in whole seconds, is after how long the server ends a connection that
	// asks nothing, and with it the locks of a transaction whose client is frozen or cut
	// off: MySQL itself would keep them for eight hours. A pool lets go of one well before.
	idleTimeout  = 10
	connIdleTime = 5 * time.Second
	// connLifetime lets connections follow an address that has moved.
	connLifetime = time.Minute
)

func openMySQL(ctx context.Context, cfg Config, group, dsn string) (*DB, error) {
	settings, err := mysqlSettings(group, dsn)
	if err != nil {
		return nil, err
	}
	conns := cmp.Or(cfg.MaxConns, DefaultSettings().MaxConns)
	count := new(meter)
	db, err := connectMySQL(count, settings, conns)
	if err != nil {
		return nil, err
	}
	if err := db.PingContext(ctx); err != nil && group == groupCore { // without the log a server can work
		return nil, errors.Join(fmt.Errorf("open database %s of group %s at %s: %w", settings.DBName, group, settings.Addr, err), db.Close())
	}
	return &DB{Dialect: mysqlDialect, Read: db, group: group, dsn: dsn, write: db, writer: direct{db}, statements: count}, nil
}

func connectMySQL(count *meter, settings *mysql.Config, conns int) (*sqlx.DB, error) {
	connector, err := mysql.NewConnector(settings)
	if err != nil {
		return nil, errors.New("open database: the driver refuses the data source name")
	}
	db := count.open("mysql", connector)
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	db.SetConnMaxLifetime(connLifetime)
	db.SetConnMaxIdleTime(connIdleTime)
	return db, nil
}

// mysqlSettings completes a data source name. The errors do not repeat it: it
// holds a password.
func mysqlSettings(group, dsn string) (*mysql.Config, error) {
	key := "database." + group + "_dsn"
	c, err := mysql.ParseDSN(dsn)
	if err != nil {
		return nil, errors.New(key + " is not a MySQL data source name (user:password@tcp(host:port)/database)")
	}
	if c.DBName == "" {
		return nil, errors.New(key + " names no database")
	}
	c.Collation = "utf8mb4_bin" // of literals; the columns have their own
	c.InterpolateParams = true  // one round trip a statement
	c.ClientFoundRows = false   // an insert that changes nothing must count 0 rows
	c.MultiStatements = false
	c.CheckConnLiveness = true // a connection that died while idle is dialled anew
	c.RejectReadOnly = true    // one to a master that was fenced off, too
	c.Logger = &mysql.NopLogger{}
	setDefault(&c.Timeout, dialTimeout)
	setDefault(&c.ReadTimeout, ioTimeout)
	setDefault(&c.WriteTimeout, ioTimeout)
	if c.Params == nil {
		c.Params = make(map[string]string)
	}
	// All in one statement, once a connection.
	c.Params["sql_mode"] = "'TRADITIONAL'" // what does not fit is refused, not cut
	// Locks of the rows that are met and no gaps between them: inserts of
	// neighbours do not wait for each other. What reads twice says so itself.
	c.Params["transaction_isolation"] = "'READ-COMMITTED'"
	c.Params["time_zone"] = "'+00:00'" // else the clock jumps when summer ends
	if _, set := c.Params["innodb_lock_wait_timeout"]; !set {
		c.Params["innodb_lock_wait_timeout"] = strconv.Itoa(lockTimeout)
	}
	if _, set := c.Params["wait_timeout"]; !set {
		c.Params["wait_timeout"] = strconv.Itoa(idleTimeout)
	}
	return c, nil
}

func setDefault(d *time.Duration, v time.Duration) {
	if *d == 0 {
		*d = v
	}
}
