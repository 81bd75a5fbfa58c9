package businessstore

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"oalab/server/internal/business"
)

const (
	selectBusiness = "SELECT account, code, kind, name, menu_key, operation, product FROM business ORDER BY account, code"
	selectCommands = "SELECT account, code, command FROM business_command ORDER BY account, code, position"
)

type businessRow struct {
	Account   string `db:"account"`
	Code      string `db:"code"`
	Kind      string `db:"kind"`
	Name      string `db:"name"`
	MenuKey   string `db:"menu_key"`
	Operation string `db:"operation"`
	Product   string `db:"product"`
}

type commandRow struct {
	Account string `db:"account"`
	Code    string `db:"code"`
	Command string `db:"command"`
}

// Catalogue returns all business codes of all accounts, as of one moment.
func (s *Store) Catalogue(ctx context.Context) ([]business.Code, error) {
	tx, err := s.db.Snapshot(ctx)
	if err != nil {
		return nil, fmt.Errorf("read catalogue: %w", err)
	}
	defer tx.Rollback() //nolint:errcheck // it only read
	return readCatalogue(ctx, tx)
}

// readCatalogue reads all business codes within a transaction.
func readCatalogue(ctx context.Context, tx *sqlx.Tx) ([]business.Code, error) {
	var rows []businessRow
	if err := tx.SelectContext(ctx, &rows, selectBusiness); err != nil {
		return nil, fmt.Errorf("read business codes: %w", err)
	}
	var commands []commandRow
	if err := tx.SelectContext(ctx, &commands, selectCommands); err != nil {
		return nil, fmt.Errorf("read business commands: %w", err)
	}
	type id struct{ account, code string }
	of := make(map[id][]string, len(rows))
	for _, c := range commands {
		k := id{c.Account, c.Code}
		of[k] = append(of[k], c.Command)
	}
	codes := make([]business.Code, 0, len(rows))
	for _, r := range rows {
		codes = append(codes, business.Code{
			Account: r.Account, Code: r.Code, Sort: business.Sort(r.Kind), Name: r.Name, MenuKey: r.MenuKey,
			Operation: r.Operation, Product: r.Product, Commands: of[id{r.Account, r.Code}],
		})
	}
	return codes, nil
}

// Clock is the database's time.
func (s *Store) Clock(ctx context.Context) (time.Time, error) { return s.db.Clock(ctx) }
