package server

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"oalab/server/internal/business"
	"oalab/server/internal/cache"
	"oalab/server/internal/freshness"
	"oalab/server/internal/sqlstore"
	"oalab/server/internal/support"
)

// seedFile is what `oaserver seed` reads.
type seedFile struct {
	Account  string        `yaml:"account"`
	Keywords []seedKeyword `yaml:"keywords"`
	Business []seedCode    `yaml:"business"`
	// BindingsCSV has a line openid,phone for each follower.
	BindingsCSV string `yaml:"bindings_csv"`
}

type seedKeyword struct {
	Keyword string   `yaml:"keyword"`
	Match   string   `yaml:"match"`
	Answers []string `yaml:"answers"`
	Hidden  bool     `yaml:"hidden"`
}

type seedCode struct {
	Code      string   `yaml:"code"`
	Kind      string   `yaml:"kind"`
	Name      string   `yaml:"name"`
	Commands  []string `yaml:"commands"`
	MenuKey   string   `yaml:"menu_key"`
	Operation string   `yaml:"operation"`
	Product   string   `yaml:"product"`
}

// Seeded counts what a Seed stored.
type Seeded struct{ Keywords, Business, Bindings int }

// Seed loads keyword answers, business codes and bindings from a file into the
// database, whose tables it brings up to date first. It is one transaction:
// after an error nothing has changed. Seeding twice changes nothing. Servers that run
// see the new entries with the next message, as package freshness bounds it.
func Seed(ctx context.Context, cfg Config, path string) (_ Seeded, err error) {
	if err := cfg.Validate(); err != nil {
		return Seeded{}, fmt.Errorf("configuration: %w", err)
	}
	data, err := readSeed(path, cfg)
	if err != nil {
		return Seeded{}, fmt.Errorf("seed %s: %w", path, err)
	}
	db, err := openStore(ctx, cfg)
	if err != nil {
		return Seeded{}, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := db.Migrate(ctx); err != nil {
		return Seeded{}, err
	}
	if err := db.Seed(ctx, data); err != nil {
		return Seeded{}, fmt.Errorf("seed %s: %w", path, err)
	}
	return Seeded{len(data.Keywords), len(data.Business), len(data.Bindings)}, tellChange(ctx, cfg)
}

// tellChange broadcasts a change that is committed to the servers that share a Redis. One
// that is away costs them the time until they ask by themselves. No message waits for it,
// and it has to connect first: so it gives Redis not the moment that a server's requests
// do, but as long as a server can be without the news.
func tellChange(ctx context.Context, cfg Config) error {
	if !cfg.Redis.shared() {
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
	if err := db.Migrate(ctx); err != nil {
		return err
	}
	logs, err := sqlstore.OpenLog(ctx, storeConfig(cfg))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, logs.Close()) }()
	return logs.Migrate(ctx)
}

func readSeed(path string, cfg Config) (sqlstore.SeedData, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return sqlstore.SeedData{}, err
	}
	var file seedFile
	if err := decodeStrict(content, &file); err != nil {
		return sqlstore.SeedData{}, err
	}
	data := sqlstore.SeedData{Account: file.Account}
	if data.Account, err = seedAccount(file.Account, cfg.Accounts); err != nil {
		return sqlstore.SeedData{}, err
	}
	var faults []error
	for i, k := range file.Keywords {
		entry := support.Entry{Keyword: strings.TrimSpace(k.Keyword), Match: support.Match(k.Match), Answers: k.Answers, Hidden: k.Hidden}
		if err := judgeKeyword(entry); err != nil {
			faults = append(faults, fmt.Errorf("keywords[%d]: %w", i, err))
		}
		data.Keywords = append(data.Keywords, entry)
	}
	for _, b := range file.Business {
		data.Business = append(data.Business, business.Code{
			Account: data.Account, Code: b.Code, Sort: business.Sort(b.Kind), Name: b.Name,
			Commands: b.Commands, MenuKey: b.MenuKey, Operation: b.Operation, Product: b.Product,
		})
	}
	data.Bindings, err = readBindings(file.BindingsCSV)
	return data, errors.Join(append(faults, err)...)
}

// seedAccount is the account that a seed is for: a configured one, the first by default.
func seedAccount(name string, accounts []Account) (string, error) {
	if name == "" && len(accounts) > 0 {
		return accounts[0].Name, nil
	}
	for _, a := range accounts {
		if a.Name == name {
			return name, nil
		}
	}
	if name == "" {
		return "", errors.New("no account is configured to load it for")
	}
	return "", fmt.Errorf("account %q is not configured", name)
}

func judgeKeyword(e support.Entry) error {
	switch {
	case e.Keyword == "":
		return errors.New("keyword is empty")
	case !e.Match.Valid():
		return fmt.Errorf("match %q is none of equal, message_contains, keyword_contains", e.Match)
	case len(e.Answers) == 0:
		return fmt.Errorf("keyword %q has no answers", e.Keyword)
	}
	for _, a := range e.Answers {
		if strings.TrimSpace(a) == "" {
			return fmt.Errorf("keyword %q has an empty answer", e.Keyword)
		}
		if strings.Contains(a, "流水号：") {
			return fmt.Errorf("an answer of keyword %q contains 流水号：, by which followers know an accepted order", e.Keyword)
		}
	}
	return nil
}

// readBindings reads lines of openid,phone. Errors name the line, not the number.
func readBindings(csv string) ([]sqlstore.Binding, error) {
	var out []sqlstore.Binding
	lines := bufio.NewScanner(strings.NewReader(csv))
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" {
			continue
		}
		openid, phone, ok := strings.Cut(line, ",")
		openid, phone = strings.TrimSpace(openid), strings.TrimSpace(phone)
		if !ok || openid == "" || len(phone) != 11 || strings.Trim(phone, "0123456789") != "" {
			return nil, fmt.Errorf("bindings_csv line %d: want openid,phone with 11 digits", n)
		}
		out = append(out, sqlstore.Binding{OpenID: openid, Phone: phone})
	}
	return out, lines.Err()
}
