package businessstore

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"oalab/server/internal/business"
)

const (
	selectBusiness = "SELECT account, code, kind, name, menu_key, operation, product, terms FROM business ORDER BY account, code"
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
	Terms     string `db:"terms"`
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
		terms, err := readTerms(r.Terms)
		if err != nil {
			return nil, fmt.Errorf("read the terms of business code %s of account %s: %w", r.Code, r.Account, err)
		}
		codes = append(codes, business.Code{
			Account: r.Account, Code: r.Code, Sort: business.Sort(r.Kind), Name: r.Name, MenuKey: r.MenuKey,
			Operation: r.Operation, Product: r.Product, Commands: of[id{r.Account, r.Code}], Terms: terms,
		})
	}
	return codes, nil
}

// readTerms reads terms strictly: without a field that this version does not know an order
// would be taken on other terms.
func readTerms(text string) (t business.Terms, err error) {
	if text == "" {
		return t, nil
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	return t, d.Decode(&t)
}

// termsText is the stored form of terms; "" of none.
func termsText(t business.Terms) (string, error) {
	text, err := json.Marshal(t)
	if err != nil || string(text) == "{}" {
		return "", err
	}
	return string(text), nil
}

// Clock is the database's time.
func (s *Store) Clock(ctx context.Context) (time.Time, error) { return s.db.Clock(ctx) }
