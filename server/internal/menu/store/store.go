// Package menustore keeps the custom menus of accounts in the group core of the database
// (MSG-10): the source's MENU and MENU_STRUCT.
package menustore

import (
	"context"
	"embed"
	"fmt"
	"io/fs"

	"github.com/jmoiron/sqlx"

	"oalab/server/internal/menu"
	"oalab/server/internal/sqldb"
)

//go:embed migration/sqlite/*.sql migration/mysql/*.sql
var migrations embed.FS

// Migrations are those of the menus.
func Migrations() sqldb.Migrations {
	files, err := fs.Sub(migrations, "migration")
	if err != nil {
		panic(err) // the path is no path
	}
	return sqldb.Migrations{Table: "goose_menu_version", Files: files}
}

// Store keeps the menus in an open database. It is safe for concurrent use, and by several
// processes at once.
type Store struct{ db *sqldb.DB }

// New makes the store.
func New(db *sqldb.DB) *Store { return &Store{db} }

// levels is the distance of two buttons of the first level in place.
const levels = 10

type buttonRow struct {
	Place     int    `db:"place"`
	Name      string `db:"name"`
	Type      string `db:"kind"`
	Key       string `db:"event_key"`
	URL       string `db:"url"`
	MediaID   string `db:"media_id"`
	AppID     string `db:"app_id"`
	PagePath  string `db:"page_path"`
	ArticleID string `db:"article_id"`
}

const (
	selectButtons = "SELECT place, name, kind, event_key, url, media_id, app_id, page_path, article_id FROM menu_struct WHERE account = ? ORDER BY place"
	deleteButtons = "DELETE FROM menu_struct WHERE account = ?"
)

// Menu implements menu.Store.
func (s *Store) Menu(ctx context.Context, account string) ([]menu.Button, error) {
	return read(ctx, s.db.Read, account)
}

func read(ctx context.Context, q sqlx.QueryerContext, account string) ([]menu.Button, error) {
	var rows []buttonRow
	if err := sqlx.SelectContext(ctx, q, &rows, selectButtons, account); err != nil {
		return nil, fmt.Errorf("read the menu of account %s: %w", account, err)
	}
	var buttons []menu.Button
	for _, r := range rows {
		b := menu.Button{
			Name: r.Name, Type: r.Type, Key: r.Key, URL: r.URL, MediaID: r.MediaID, AppID: r.AppID, PagePath: r.PagePath, ArticleID: r.ArticleID,
		}
		if r.Place%levels == 0 || len(buttons) == 0 {
			buttons = append(buttons, b)
		} else {
			top := &buttons[len(buttons)-1]
			top.Sub = append(top.Sub, b)
		}
	}
	return buttons, nil
}

// SectionMenus names the section of a seed.
const SectionMenus = "menus"

// Seed is the section of a seed that stores the menu of an account as a whole, in place of
// the one that is there; no buttons leave that alone. Seeding twice changes nothing.
func (s *Store) Seed(account string, buttons []menu.Button) sqldb.Section {
	return func(ctx context.Context, tx *sqlx.Tx) (sqldb.Changes, error) {
		plan := sqldb.Changes{Section: SectionMenus}
		if len(buttons) == 0 {
			return plan, nil
		}
		// Another seed of this menu waits here until this one is committed.
		if _, err := tx.ExecContext(ctx, s.stamp(), account); err != nil {
			return plan, fmt.Errorf("note the seed of the menu of account %s: %w", account, err)
		}
		before, err := read(ctx, tx, account)
		if err != nil {
			return plan, err
		}
		for _, c := range menu.Compare(before, buttons) {
			if c.Stored == "" {
				plan.Removed = append(plan.Removed, c.Place+" "+c.Shown)
				continue
			}
			plan.Count(c.Place+" "+c.Stored, c.Shown != "", c.Shown == c.Stored)
		}
		if len(plan.New)+len(plan.Changed)+len(plan.Removed) == 0 {
			return plan, nil
		}
		if err := s.write(ctx, tx, account, buttons); err != nil {
			return plan, fmt.Errorf("store the menu of account %s: %w", account, err)
		}
		return plan, nil
	}
}

func (s *Store) write(ctx context.Context, tx *sqlx.Tx, account string, buttons []menu.Button) error {
	queries := []sqldb.Query{{Text: deleteButtons, Args: []any{account}}}
	add := func(place int, b menu.Button) {
		queries = append(queries, sqldb.Query{Text: s.insertButton(), Args: []any{
			account, place, b.Name, b.Type, b.Key, b.URL, b.MediaID, b.AppID, b.PagePath, b.ArticleID,
		}})
	}
	for i, b := range buttons {
		add((i+1)*levels, b)
		for j, sub := range b.Sub {
			add((i+1)*levels+j+1, sub)
		}
	}
	return sqldb.ExecAll(ctx, tx, queries...)
}

func (s *Store) insertButton() string {
	return s.db.Dialect.Insert("menu_struct", "account", "place", "name", "kind", "event_key", "url", "media_id", "app_id", "page_path", "article_id")
}

// stamp notes the time of a seed, by the database's clock.
func (s *Store) stamp() string {
	d := s.db.Dialect
	return d.Stamped(d.Upsert("menu", []string{"account"}, []string{"seeded_at"}, []string{"account", "seeded_at"}))
}
