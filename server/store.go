package server

import (
	"context"
	"errors"

	"oalab/server/internal/sqldb"
	"oalab/server/internal/sqlstore"
)

// openStore opens the database of the group core and brings its tables up to date.
func openStore(ctx context.Context, cfg Config) (*sqlstore.DB, error) {
	db, err := sqlstore.Open(ctx, storeConfig(cfg))
	if err != nil {
		return nil, err
	}
	if err := db.DB.Migrate(ctx, coreTables()...); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

func storeConfig(cfg Config) sqldb.Config {
	return sqldb.Config{
		Driver: cfg.Database.Driver, CoreDSN: string(cfg.Database.CoreDSN), LogDSN: string(cfg.Database.LogDSN),
		DataDir: cfg.DataDir, MaxConns: cfg.Database.MaxConns, Readers: cfg.Database.Readers,
	}
}
