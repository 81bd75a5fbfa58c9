package server

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	bindingstore "oalab/server/internal/binding/store"
	businessstore "oalab/server/internal/business/store"
	"oalab/server/internal/cache"
	"oalab/server/internal/freshness"
	"oalab/server/internal/menu"
	menustore "oalab/server/internal/menu/store"
	"oalab/server/internal/sqldb"
	supportstore "oalab/server/internal/support/store"
	userlogstore "oalab/server/internal/userlog/store"
)

// Seeded counts what a Seed stored.
type Seeded struct {
	Keywords, Business, Bindings int
	// Buttons are those of the menu, with those that open a list.
	Buttons int
}

// SeedOptions say how a file is loaded. The zero value stores what the file has and
// removes nothing.
type SeedOptions struct {
	// DryRun changes no data: the report says what would be done.
	DryRun bool
	// Prune names sections, of SeedSections. What the account has of them and the file has
	// not is removed. A section that the file does not have is left alone, and so are the
	// bindings when the file has none.
	Prune []string
}

// SeedSections are the sections of a seed that can be pruned.
func SeedSections() []string {
	return []string{supportstore.SectionKeywords, businessstore.SectionBusiness, bindingstore.SectionBindings}
}

// SeedReport is what a seed did, or with DryRun would do.
type SeedReport struct {
	Seeded
	Changes []SeedChanges
}

// SeedChanges are what a seed does to one section, by the names of the entries. Same is
// how many are there already as the file has them.
type SeedChanges struct {
	Section               string
	New, Changed, Removed []string
	Same                  int
}

// Seed is SeedWith without options.
func Seed(ctx context.Context, cfg Config, path string) (Seeded, error) {
	report, err := SeedWith(ctx, cfg, path, SeedOptions{})
	return report.Seeded, err
}

// SeedWith loads keyword answers, business codes, bindings and the menu from a file into the
// database, whose tables it brings up to date first. It is one transaction:
// after an error nothing has changed. Seeding twice changes nothing. Servers that run
// see the new entries with the next message, as package freshness bounds it.
func SeedWith(ctx context.Context, cfg Config, path string, opts SeedOptions) (_ SeedReport, err error) {
	if err := cfg.Validate(); err != nil {
		return SeedReport{}, fmt.Errorf("configuration: %w", err)
	}
	for _, section := range opts.Prune {
		if !slices.Contains(SeedSections(), section) {
			return SeedReport{}, fmt.Errorf("prune: %q is none of %s", section, strings.Join(SeedSections(), ", "))
		}
	}
	data, has, err := readSeed(path, cfg)
	if err != nil {
		return SeedReport{}, fmt.Errorf("seed %s: %w", path, err)
	}
	prunes := func(section string) bool { return has[section] && slices.Contains(opts.Prune, section) }
	db, err := openStore(ctx, cfg)
	if err != nil {
		return SeedReport{}, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	of := newStores(db)
	defer of.close()
	codes, err := of.orders.Seed(data.account, data.business, prunes(businessstore.SectionBusiness))
	if err != nil {
		return SeedReport{}, fmt.Errorf("seed %s: %w", path, err)
	}
	sections := []sqldb.Section{
		supportstore.New(db).Seed(data.account, data.keywords, prunes(supportstore.SectionKeywords)), codes,
		of.bindings.Seed(data.account, data.bindings, prunes(bindingstore.SectionBindings)),
	}
	if has[menustore.SectionMenus] {
		sections = append(sections, menustore.New(db).Seed(data.account, data.menu))
	}
	changes, err := db.Seed(ctx, opts.DryRun, sections...)
	if err != nil {
		return SeedReport{}, fmt.Errorf("seed %s: %w", path, data.located(err))
	}
	report := SeedReport{Seeded: Seeded{
		Keywords: len(data.keywords), Business: len(data.business), Bindings: len(data.bindings), Buttons: menu.Count(data.menu),
	}}
	for _, c := range changes {
		report.Changes = append(report.Changes, SeedChanges(c))
	}
	if opts.DryRun {
		return report, nil
	}
	return report, tellChange(ctx, cfg)
}

// tellChange broadcasts a change that is committed to the servers that share a Redis. One
// that is away costs them the time until they ask by themselves. No message waits for it,
// and it has to connect first: so it gives Redis not the moment that a server's requests
// do, but as long as a server can be without the news.
func tellChange(ctx context.Context, cfg Config) error {
	if !cfg.Redis.Shared() {
		return nil // that of each server is its own
	}
	patient := redisConfig(cfg)
	patient.Timeout = freshness.Window
	redis, err := cache.New(patient, nil)
	if err != nil {
		return err
	}
	cache.NewNews(redis).Tell(ctx)
	return redis.Close()
}

// Migrate brings the tables of both groups up to date. Doing it again changes nothing.
func Migrate(ctx context.Context, cfg Config) (err error) {
	if err := cfg.Validate(); err != nil {
		return fmt.Errorf("configuration: %w", err)
	}
	db, err := openStore(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	logs, err := sqldb.OpenLog(ctx, storeConfig(cfg))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, logs.Close()) }()
	return logs.Migrate(ctx, userlogstore.Migrations())
}
